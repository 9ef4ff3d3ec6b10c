# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# tomcat with pages that it compiles, sessions that outlive it, uploads, and an application that is deployed while it runs.
UNIT=tomcat10.service
STEPS="page compiled session upload parallel deployed undeployed log restart"
RARE=program

ready() { page; }
prepare() {
    app=/var/lib/tomcat10/webapps/workload
    install -d -o tomcat $app $app/WEB-INF $app/META-INF
    echo '<Context><Manager pathname="SESSIONS.ser"/></Context>' >$app/META-INF/context.xml
    cat >$app/WEB-INF/web.xml <<'XML'
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet><servlet-name>upload</servlet-name><jsp-file>/upload.jsp</jsp-file>
    <multipart-config><file-size-threshold>1024</file-size-threshold></multipart-config></servlet>
  <servlet-mapping><servlet-name>upload</servlet-name><url-pattern>/upload</url-pattern></servlet-mapping>
</web-app>
XML
    echo "a page" >$app/page.html
    echo '<%= 6 * 7 %>' >$app/compiled.jsp
    echo '<% Integer n = (Integer) session.getAttribute("n"); n = n == null ? 1 : n + 1; session.setAttribute("n", n); %><%= n %>' >$app/session.jsp
    echo '<%= request.getPart("file").getSize() %>' >$app/upload.jsp
    echo '<%= new String(Runtime.getRuntime().exec(new String[]{"/usr/bin/id", "-un"}).getInputStream().readAllBytes()) %>' >$app/program.jsp
    systemctl restart tomcat10
    until_true page
}

at() { curl -sS "http://127.0.0.1:8080/workload/$1"; }
page() { equals "a page" "$(at page.html)"; }
compiled() {
    rm -rf /var/lib/tomcat10/work/Catalina/localhost/workload/org
    touch /var/lib/tomcat10/webapps/workload/compiled.jsp
    equals 42 "$(at compiled.jsp)"
}
session() {
    rm -f /tmp/cookies
    curl -sS -c /tmp/cookies -b /tmp/cookies http://127.0.0.1:8080/workload/session.jsp >/dev/null
    systemctl restart tomcat10
    until_true page
    equals 2 "$(curl -sS -b /tmp/cookies http://127.0.0.1:8080/workload/session.jsp)"
}
upload() {
    head -c 500000 /dev/zero >/tmp/upload
    equals 500000 "$(curl -sS -F file=@/tmp/upload http://127.0.0.1:8080/workload/upload)"
}
parallel() {
    ab -q -n 500 -c 20 http://127.0.0.1:8080/workload/compiled.jsp >/tmp/ab
    grep -q "Complete requests: *500" /tmp/ab && ! grep -q "Non-2xx" /tmp/ab
}
deployed() {
    rm -rf /tmp/war && mkdir -p /tmp/war
    echo "deployed" >/tmp/war/page.html
    python3 -m zipfile -c /tmp/later.war /tmp/war/page.html
    install -o tomcat /tmp/later.war /var/lib/tomcat10/webapps/later.war
    until_true curl -sSf http://127.0.0.1:8080/later/page.html
}
undeployed() {
    rm /var/lib/tomcat10/webapps/later.war
    until_true sh -c '! [ -e /var/lib/tomcat10/webapps/later ]'
}
log() {
    at "page.html?logged-$$" >/dev/null
    until_true sh -c "grep -q logged-$$ /var/log/tomcat10/localhost_access_log.*"
}
restart() {
    systemctl restart tomcat10
    until_true page
}
# That an application starts.
program() { equals tomcat "$(at program.jsp)"; }

"""An SMTP server for tests, by aiosmtpd: prints each message as a line of JSON. Arguments: starttls|tls|plain|login, certificate, key."""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate, key = sys.argv[1:4]


class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("busy@"):
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(
            json.dumps(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "tls": mode == "tls" or session.ssl is not None,
                    "user": session.auth_data.login.decode() if session.auth_data else None,
                    "text": envelope.content.decode(),
                }
            ),
            flush=True,
        )
        return "250 accepted"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == b"s3cr3t-T0ken", handled=False, auth_data=data)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def session():
    return SMTP(
        Sink(),
        tls_context=context if mode in ("starttls", "login") else None,
        require_starttls=mode == "login",
        authenticator=authenticate,
        auth_required=mode == "login",
        auth_require_tls=mode != "tls",
    )


async def serve():
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(serve())

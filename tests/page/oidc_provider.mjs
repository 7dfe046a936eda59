// A certified OpenID provider: prints its issuer. A person who types any name signs in as that name at example.org.
import { createServer } from "node:http";
import Provider from "../../web/node_modules/oidc-provider/lib/index.js";

const server = createServer();
server.listen(0, "localhost", () => {
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "columnist",
        client_secret: "the secret of this client",
        application_type: "native", // its return may be to any port of this machine
        redirect_uris: ["http://127.0.0.1/sign-in/return"],
        grant_types: ["authorization_code"],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.org`, email_verified: true }),
    }),
    cookies: { keys: ["of these tests"] },
  });
  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});

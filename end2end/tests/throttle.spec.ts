// Guessing a password is slowed down, for the one address that is guessed at.
import { addPerson } from "../fixtures/person.ts";
import { expect, refusal, test } from "../fixtures/test.ts";

test.use({ role: "nobody" });

test("after ten wrong passwords even the right one has to wait, and others do not", async ({ signIn, accounts, complaints, request }) => {
  complaints.expect(refusal);
  complaints.expect(/status of 429/);
  const [guessed, other] = [await addPerson("Gil Gama", "viewer"), await addPerson("Hana Horn", "viewer")];
  for (let wrong = 0; wrong < 10; wrong++) {
    const form = { "credentials[email]": guessed.email, "credentials[password]": `guess ${wrong}` };
    const answer = await request.post("/api/sign_in", { form, headers: { Accept: "application/json" } });
    expect(answer.status(), `guess ${wrong}`).toBe(401);
  }
  await signIn.open();
  await signIn.submit(guessed.email, guessed.password);
  await expect(signIn.refusal).toContainText("Too many tries");
  await signIn.submit(other.email, other.password);
  await expect(accounts.heading).toBeVisible();
});

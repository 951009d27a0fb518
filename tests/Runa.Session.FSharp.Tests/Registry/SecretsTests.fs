module internal Runa.Session.Tests.SecretsTests

let internal nothing = ()

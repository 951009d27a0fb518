module internal Runa.Session.Tests.SessionTokenTests

let internal nothing = ()

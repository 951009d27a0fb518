module internal Runa.Session.Tests.SessionTomlTests

let internal nothing = ()

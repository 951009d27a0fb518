module internal Runa.Session.Tests.SessionTests

let internal nothing = ()

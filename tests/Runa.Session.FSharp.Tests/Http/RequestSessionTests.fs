module internal Runa.Session.Tests.RequestSessionTests

let internal nothing = ()

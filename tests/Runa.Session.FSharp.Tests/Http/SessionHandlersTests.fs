module internal Runa.Session.Tests.SessionHandlersTests

let internal nothing = ()

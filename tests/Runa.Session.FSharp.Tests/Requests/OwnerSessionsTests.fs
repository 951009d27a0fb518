module internal Runa.Session.Tests.OwnerSessionsTests

let internal nothing = ()

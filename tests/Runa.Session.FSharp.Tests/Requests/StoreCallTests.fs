module internal Runa.Session.Tests.StoreCallTests

let internal nothing = ()

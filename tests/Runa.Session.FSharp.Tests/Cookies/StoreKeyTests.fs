module internal Runa.Session.Tests.StoreKeyTests

let internal nothing = ()

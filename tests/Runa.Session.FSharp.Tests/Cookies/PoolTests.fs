module internal Runa.Session.Tests.PoolTests

let internal nothing = ()

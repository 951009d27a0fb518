module internal Runa.Session.Tests.MergeTests

let internal nothing = ()

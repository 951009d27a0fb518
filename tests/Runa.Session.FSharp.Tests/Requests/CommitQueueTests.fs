module internal Runa.Session.Tests.CommitQueueTests

let internal nothing = ()

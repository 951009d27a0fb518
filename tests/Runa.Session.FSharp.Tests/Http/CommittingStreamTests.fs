module internal Runa.Session.Tests.CommittingStreamTests

let internal nothing = ()

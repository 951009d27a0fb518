module Runa.Session.Tests.CommittingStreamTests

let internal nothing = ()

module Runa.Session.Tests.FaultTests

let internal nothing = ()

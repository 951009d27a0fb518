module Runa.Session.Tests.KestrelTests

let internal nothing = ()

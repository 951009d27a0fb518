module Runa.Session.Tests.ResponseHeadersTests

let internal nothing = ()

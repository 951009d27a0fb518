/// No page of the documentation puts an owner into an address, which ends up in logs and referrers.
module Runa.Session.Tests.OwnerAddressTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport

[<Tests>]
let tests =
    testList
        "Owners and addresses"
        [ test "no example has a user or an owner in its address: owners belong into the body of a request" {
              let address = Regex(@"""/[^""\s]*\{(user|owner)|/users?/(\{|%s)|[?&](user|owner)=")

              let found =
                  [ for file in
                        Directory.GetFiles(Path.Combine(Repository.root, "docs"), "*.md", SearchOption.AllDirectories) do
                        for line in File.ReadAllLines file do
                            if address.IsMatch line then
                                $"{Path.GetFileName file}: {line}" ]

              Expect.equal found [] "addresses"
          } ]

/// Two tabs of one browser share a session.
module Runa.Session.Browser.Tests.TabTests

open System.Text.RegularExpressions
open System.Threading.Tasks
open Expecto
open Microsoft.Playwright

let private visits (page: IPage) : Task<int> =
    task {
        let! text = (words page "You have been here").First.InnerTextAsync()
        let found = Regex.Match(text, @"been here (\d+) times")
        return if found.Success then int found.Groups[1].Value else 1
    }

let tests (demo: Demo) =
    testList
        "two tabs"
        [ inDemo demo "promise 12: every reload counts" (fun browser ->
              task {
                  let! first = browser.NewPageAsync()
                  let! second = browser.NewPageAsync()
                  do! go first "/"

                  for _ in 1..5 do
                      let! _ = Task.WhenAll(go first "/", go second "/")
                      ()

                  do! go first "/"
                  let! count = visits first
                  Expect.equal count 12 "visits"
              })

          inDemo demo "promise 12: the cart has what both put in at once" (fun browser ->
              task {
                  let! first = browser.NewPageAsync()
                  let! second = browser.NewPageAsync()
                  let one, other = demo.Products
                  // The session begins: without one, each tab would begin its own.
                  do! go first "/"
                  do! go first "/cart"
                  do! go second "/cart"
                  do! Task.WhenAll(addToCart first one, addToCart second other)
                  // Each has its answer: a page that is left earlier may take its request back.
                  do! isVisible (words first $"1 × {one}")
                  do! isVisible (words second $"1 × {other}")
                  do! go first "/cart"
                  do! isVisible (words first $"1 × {one}")
                  do! isVisible (words first $"1 × {other}")
              })

          inDemo demo "promise 9: signing out in one signs out the other" (fun browser ->
              task {
                  let! first = browser.NewPageAsync()
                  let! second = browser.NewPageAsync()
                  do! signIn first "ada"
                  do! go second "/cart"
                  do! isSignedIn second "ada"
                  do! signOut first
                  do! reload second
                  do! isSignedOut second
              }) ]

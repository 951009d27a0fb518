using System.Net;

namespace CSharp.Tests;

internal sealed record Answer(
    HttpStatusCode Status,
    string Body,
    IReadOnlyList<string> SetCookies,
    IReadOnlyDictionary<string, string> Headers)
{
    public string Header(string name) => Headers.TryGetValue(name.ToLowerInvariant(), out var value) ? value : "";
}

/// <summary>The test programs' browser, with what C# expects of it.</summary>
internal sealed class Browser(Runa.Session.TestSupport.Browser browser, Uri address)
{
    public Browser(HttpMessageHandler handler, Uri address)
        : this(new Runa.Session.TestSupport.Browser(Client.behind(handler, address)), address)
    {
    }

    public Dictionary<string, string> Cookies => browser.Jar;

    public Task<Answer> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(address, path)));

    public Task<Answer> PostAsync(string path, params (string Name, string Value)[] form) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        });

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        var answer = await browser.SendRaw(request);
        return new Answer((HttpStatusCode)answer.Status, answer.Body, answer.SetCookies, answer.Headers);
    }

    /// <summary>The same browser's second tab at this moment: with the cookies it has now.</summary>
    public Browser Copy() => new(browser.Copy(), address);
}

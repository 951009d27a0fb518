using System.Net;

namespace Runa.Session.Tests;

internal sealed record Answer(
    HttpStatusCode Status,
    string Body,
    IReadOnlyList<string> SetCookies,
    IReadOnlyDictionary<string, string> Headers)
{
    public string Header(string name) => Headers.TryGetValue(name.ToLowerInvariant(), out var value) ? value : "";
}

/// <summary>A client that keeps cookies by name, and shows what it was told.</summary>
internal sealed class Browser(HttpMessageHandler handler, Uri address)
{
    private readonly HttpMessageInvoker _client = new(handler, disposeHandler: false);

    public Dictionary<string, string> Cookies { get; } = new(StringComparer.Ordinal);

    public Task<Answer> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(address, path)));

    public Task<Answer> PostAsync(string path, params (string Name, string Value)[] form) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        });

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        if (Cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }

        using var response = await _client.SendAsync(request, CancellationToken.None);
        var body = await response.Content.ReadAsStringAsync();
        var set = response.Headers.TryGetValues("Set-Cookie", out var values) ? values.ToArray() : [];
        Keep(set);

        return new Answer(
            response.StatusCode,
            body,
            set,
            response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(", ", header.Value)));
    }

    /// <summary>The same browser's second tab at this moment: with the cookies it has now.</summary>
    public Browser Copy()
    {
        var copy = new Browser(handler, address);
        copy.Keep(Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}"));
        return copy;
    }

    private void Keep(IEnumerable<string> setCookies)
    {
        foreach (var text in setCookies)
        {
            var pair = text.Split(';')[0].Split('=', 2);

            if (text.Contains("max-age=0", StringComparison.OrdinalIgnoreCase) || pair[1].Length == 0)
            {
                Cookies.Remove(pair[0]);
            }
            else
            {
                Cookies[pair[0]] = pair[1];
            }
        }
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CSharp.Tests.Pipeline;

/// <summary>The middleware of sessions does not change what caches keep of files.</summary>
public class StaticFileTests
{
    private const string Css = "body {}";

    /// <summary>As the web SDK writes it when it publishes: site.css and a name with its fingerprint, each also compressed.</summary>
    private static readonly string Manifest =
        Path.Combine(Repository.Root, "tests", "Runa.Session.CSharpInterop.Tests", "Pipeline", "site.staticwebassets.endpoints.json");

    public static TheoryData<string> Pipelines => ["UseRunaSession", "UseRunaSession before UseRouting", "UseRunaAspNetSession"];

    [Theory(DisplayName = "a static file behind the middleware is as cacheable as without it"), MemberData(nameof(Pipelines))]
    public async Task StaticFiles(string pipeline)
    {
        var options = new StaticFileOptions
        {
            FileProvider = new Files(),
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "public, max-age=600",
        };
        await using var plain = await Counted.StartAsync(app => app.UseStaticFiles(options));
        await using var site = await StartAsync(pipeline, app => app.UseStaticFiles(options));
        var browser = await EstablishedAsync(site);
        var before = site.Store.Calls;
        var (with, without) = (await browser.GetAsync("/site.css"), await plain.App.NewBrowser().GetAsync("/site.css"));
        Assert.Equal(Css, with.Body);
        Assert.Equal(without.Headers, with.Headers);
        Assert.Equal("public, max-age=600", with.Header("cache-control"));
        Assert.Equal(before, site.Store.Calls);
    }

    [Theory(DisplayName = "promise 20: an asset of MapStaticAssets behind the middleware is answered exactly as without it"), MemberData(nameof(Pipelines))]
    public async Task StaticAssets(string pipeline)
    {
        await using var plain = await Counted.StartAsync(Map);
        await using var site = await StartAsync(pipeline, Map);
        var browser = await EstablishedAsync(site);
        var before = site.Store.Calls;

        foreach (var (request, expected) in Requests)
        {
            var (with, without) = (await browser.SendAsync(request(site.App.Address)), await plain.App.NewBrowser().SendAsync(request(plain.App.Address)));
            Assert.Equal(expected, with.Status);
            Assert.Equal((without.Status, without.Body), (with.Status, with.Body));
            Assert.Equal(without.Headers, with.Headers);
            Assert.Empty(with.SetCookies);
            Assert.DoesNotContain("Cookie", with.Header("vary"), StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(before, site.Store.Calls);
    }

    [Fact(DisplayName = "the assets here vary by their encoding, have tags, and are immutable under their fingerprint")]
    public async Task Sanity()
    {
        await using var plain = await Counted.StartAsync(Map);
        var (zipped, named) = (await Ask(plain, Get("/site.css", ("Accept-Encoding", "gzip"))), await Ask(plain, Get("/site.f1.css")));
        Assert.Equal(("gzip", "Accept-Encoding", "\"zipped\""), (zipped.Header("content-encoding"), zipped.Header("vary"), zipped.Header("etag")));
        Assert.Equal((Css, "max-age=31536000, immutable"), (named.Body, named.Header("cache-control")));
    }

    private static IEnumerable<(Func<Uri, HttpRequestMessage> Request, HttpStatusCode Status)> Requests =>
    [
        (Get("/site.css"), HttpStatusCode.OK),
        (Get("/site.css", ("Accept-Encoding", "gzip")), HttpStatusCode.OK),
        (Get("/site.css", ("If-None-Match", "\"plain\"")), HttpStatusCode.NotModified),
        (Get("/site.css", ("Accept-Encoding", "gzip"), ("If-None-Match", "\"zipped\"")), HttpStatusCode.NotModified),
        (Get("/site.css", ("If-Match", "\"other\"")), HttpStatusCode.PreconditionFailed),
        (Get("/site.css", ("Range", "bytes=0-3")), HttpStatusCode.PartialContent),
        (Get("/site.f1.css"), HttpStatusCode.OK),
        (Get("/site.f1.css", ("Accept-Encoding", "gzip")), HttpStatusCode.OK),
        (Request(HttpMethod.Head, "/site.f1.css"), HttpStatusCode.OK),
    ];

    private static Func<Uri, HttpRequestMessage> Get(string path, params (string Name, string Value)[] headers) => Request(HttpMethod.Get, path, headers);

    private static Func<Uri, HttpRequestMessage> Request(HttpMethod method, string path, params (string Name, string Value)[] headers) => address =>
    {
        var request = new HttpRequestMessage(method, new Uri(address, path));

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return request;
    };

    private static Task<Answer> Ask(Counted site, Func<Uri, HttpRequestMessage> request) => site.App.NewBrowser().SendAsync(request(site.App.Address));

    private static void Map(WebApplication app)
    {
        app.Environment.WebRootFileProvider = new Files();
        app.MapStaticAssets(Manifest);
    }

    private static Task<Counted> StartAsync(string pipeline, Action<WebApplication> files) =>
        Counted.StartAsync(app =>
        {
            if (pipeline == "UseRunaSession before UseRouting")
            {
                app.UseRunaSession();
                app.UseRouting();
            }
            else
            {
                app.UseRouting();
                _ = pipeline == "UseRunaSession" ? app.UseRunaSession() : app.UseRunaAspNetSession();
            }

            files(app);
            app.MapPost("/", (HttpContext ctx) => ctx.UpdateRunaSessionAsync("web", session => session.Set(Keys.Visits, 1)));
        });

    private static async Task<Browser> EstablishedAsync(Counted site)
    {
        var browser = site.App.NewBrowser();
        await browser.PostAsync("/");
        Assert.Single(browser.Cookies);
        return browser;
    }

    private sealed class Files : IFileProvider
    {
        private static readonly byte[] Plain = System.Text.Encoding.UTF8.GetBytes(Css);

        private static readonly byte[] Zipped = Convert.FromHexString("1f8b08000000000002ff4bca4fa954a8ae0500faea50d807000000");

        public IDirectoryContents GetDirectoryContents(string subpath) => NotFoundDirectoryContents.Singleton;

        public IFileInfo GetFileInfo(string subpath) => subpath.TrimStart('/') switch
        {
            "site.css" => new OneFile("site.css", Plain),
            "site.css.gz" => new OneFile("site.css.gz", Zipped),
            _ => new NotFoundFileInfo(subpath),
        };

        public IChangeToken Watch(string filter) => NullChangeToken.Singleton;
    }

    private sealed class OneFile(string name, byte[] content) : IFileInfo
    {
        public bool Exists => true;

        public bool IsDirectory => false;

        public DateTimeOffset LastModified => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public long Length => content.Length;

        public string Name => name;

        public string? PhysicalPath => null;

        public Stream CreateReadStream() => new MemoryStream(content);
    }
}

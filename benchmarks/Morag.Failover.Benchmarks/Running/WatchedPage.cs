using System.Net.Http.Headers;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>
/// A page of the dashboard that is open in a browser: as the script of the pages does, it loads itself again when the node says that
/// something has changed, at most once per second.
/// </summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http;
    private readonly Uri page;
    private Task following = Task.CompletedTask;
    private int loads;

    private WatchedPage(HttpClient http, Uri page) => (this.http, this.page) = (http, page);

    /// <summary>How often it was loaded.</summary>
    public int Loads => Volatile.Read(ref loads);

    public static async Task<WatchedPage> OpenAsync(Uri node, string path)
    {
        var page = new WatchedPage(CreateHttp(node), new Uri(path, UriKind.Relative));
        await page.LoadAsync();
        var live = await page.http.GetStreamAsync(new Uri("/live", UriKind.Relative));
        page.following = page.FollowAsync(live);
        return page;
    }

    /// <summary>A client that asks for pages as a browser does.</summary>
    public static HttpClient CreateHttp(Uri node)
    {
        var http = new HttpClient { BaseAddress = node };
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        return http;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await following;
        http.Dispose();
        stop.Dispose();
    }

    private async Task FollowAsync(Stream live)
    {
        try
        {
            using var reader = new StreamReader(live);
            while (await reader.ReadLineAsync(stop.Token) is { } line)
            {
                if (line == "event: change")
                {
                    await LoadAsync();
                    await Task.Delay(LeastPause, stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The page is closed.
        }
    }

    private async Task LoadAsync()
    {
        _ = await http.GetByteArrayAsync(page, stop.Token);
        Interlocked.Increment(ref loads);
    }
}

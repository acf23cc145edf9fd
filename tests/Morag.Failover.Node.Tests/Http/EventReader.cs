namespace Morag.Failover.Node.Tests.Http;

/// <summary>Reads a stream of server-sent events line by line.</summary>
internal sealed class EventReader : IDisposable
{
    private readonly HttpResponseMessage response;
    private readonly StreamReader reader;
    private readonly CancellationTokenSource limit = new(HttpNode.Patience);

    private EventReader(HttpResponseMessage response, Stream stream)
    {
        this.response = response;
        reader = new StreamReader(stream);
    }

    public static async Task<EventReader> Open(HttpNode http, string path)
    {
        var response = await http.Client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var reader = new EventReader(response, await response.Content.ReadAsStreamAsync());
        await reader.LineThatIs(": open");
        return reader;
    }

    public async Task<(string Kind, string Data)> NextEvent()
    {
        while (true)
        {
            var line = await Line();
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                return (line["event: ".Length..], (await Line())["data: ".Length..]);
            }
        }
    }

    /// <summary>The id of the next event whose data have a text.</summary>
    public async Task<string> IdOfEventWith(string text)
    {
        var id = "";
        while (true)
        {
            var line = await Line();
            id = line.StartsWith("id: ", StringComparison.Ordinal) ? line["id: ".Length..] : id;
            if (line.StartsWith("data: ", StringComparison.Ordinal) && line.Contains(text, StringComparison.Ordinal))
            {
                return id;
            }
        }
    }

    public async Task LineThatIs(string expected)
    {
        while (await Line() != expected)
        {
        }
    }

    /// <summary>Reads until the server ends the stream.</summary>
    public async Task End()
    {
        while (await reader.ReadLineAsync(limit.Token) is not null)
        {
        }
    }

    public void Dispose()
    {
        limit.Dispose();
        reader.Dispose();
        response.Dispose();
    }

    private async Task<string> Line() => await reader.ReadLineAsync(limit.Token) ?? throw new EndOfStreamException("the stream ended");
}

using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Clients that send too much, or too slowly, or do not read: on raw sockets, because no HTTP client does that.</summary>
public sealed class HttpLimitsSpecs : IAsyncLifetime
{
    private const string Start = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n";
    private const string StartOfBody = "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    private HttpNode http = null!;

    public async Task InitializeAsync() => http = await HttpNode.Start(
        new HttpApiSettings { MaxConnections = 10, StreamStall = TimeSpan.FromSeconds(5) });

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Fact]
    public async Task Should_refuse_a_request_line_that_is_too_long()
    {
        var path = new string('x', HttpLimits.MaxRequestLineBytes);

        Assert.StartsWith("HTTP/1.1 414 ", await AnswerAsync($"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_refuse_headers_that_are_too_large()
    {
        var value = new string('x', HttpLimits.MaxHeadersBytes);

        Assert.StartsWith("HTTP/1.1 431 ", await AnswerAsync($"{Start}X-Large: {value}\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_refuse_too_many_headers()
    {
        var headers = string.Concat(Enumerable.Range(0, HttpLimits.MaxHeaders).Select(number => $"X-{number}: x\r\n"));

        Assert.StartsWith("HTTP/1.1 431 ", await AnswerAsync($"{Start}{headers}\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_refuse_a_body_that_does_not_end()
    {
        var chunk = $"100000\r\n{new string(' ', 0x100000)}\r\n";
        var body = string.Concat(Enumerable.Repeat(chunk, (CallLimits.MaxPayloadBodyBytes / 0x100000) + 1));

        Assert.StartsWith(
            "HTTP/1.1 413 ", await AnswerAsync($"{StartOfBody}Transfer-Encoding: chunked\r\n\r\n{body}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_not_speak_HTTP_2()
    {
        // Over HTTPS, clients are offered what an endpoint has as its protocols.
        var kestrel = new KestrelServerOptions();
        HttpLimits.ApplyTo(kestrel, new HttpApiSettings());
        HttpProtocols? offered = null;
        kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => offered = endpoint.Protocols);
        Assert.Equal(HttpProtocols.Http1, offered);

        Assert.DoesNotContain("HTTP/2", await AnswerAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), StringComparison.Ordinal);

        // A request to upgrade is answered as if it had not been made.
        var upgrade = $"{Start}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
        Assert.StartsWith("HTTP/1.1 200 ", await AnswerAsync(upgrade), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_close_connections_beyond_the_limit_and_serve_again_when_others_end()
    {
        var open = new List<RawConnection>();
        for (var number = 0; number < 10; number++)
        {
            open.Add(await OpenAsync($"{Start}\r\n"));
            Assert.StartsWith("HTTP/1.1 200 ", await open[number].FirstLineAsync(), StringComparison.Ordinal);
        }

        using (var refused = await OpenAsync($"{Start}\r\n"))
        {
            Assert.Equal("", await refused.FirstLineAsync());
        }

        open.ForEach(connection => connection.Dispose());
        await Eventually.IsTrue(async () => (await AnswerAsync($"{Start}Connection: close\r\n\r\n")).Length > 0);
    }

    /// <summary>All of them wait for the server's timeouts, so they wait together.</summary>
    [Fact]
    public async Task Should_cut_clients_that_send_headers_or_a_body_too_slowly_or_do_not_read()
    {
        using var headers = await OpenAsync(Start);
        using var body = await OpenAsync($"{StartOfBody}Content-Length: 100000\r\n\r\n[");
        using var reader = await OpenAsync("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await reader.FirstLineAsync(), StringComparison.Ordinal);
        var large = new string('x', 256 * 1024);
        for (var number = 0; number < 100; number++)
        {
            http.System.EventStream.Publish(new WorkerChanged { WorkerId = new("w-1"), What = "registered", Detail = large });
        }

        await Task.WhenAll(headers.EndAsync(), body.EndAsync());
        await Eventually.IsTrue(() => http.OpenCalls == 0);

        Assert.StartsWith("HTTP/1.1 200 ", await AnswerAsync($"{Start}Connection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Should_be_documented()
    {
        var document = File.ReadAllText(InRepository("docs", "message-sizes.md"));

        foreach (var row in new[]
        {
            $"| request line, and with it the URL | {HttpLimits.MaxRequestLineBytes / 1024} KiB |",
            $"| headers of a call | {HttpLimits.MaxHeaders}, together {HttpLimits.MaxHeadersBytes / 1024} KiB |",
            $"| time for the headers | {Seconds(HttpLimits.HeadersTimeout)} s |",
            $"| rate at which a client must send a body and read a response | at least {HttpLimits.MinBytesPerSecond} bytes/s, after the "
            + $"first {Seconds(HttpLimits.Grace)} s |",
            $"| time in which the reader of a stream must read {HttpLimits.StreamStallBytes / 1024} KiB while events wait "
            + $"| {Seconds(HttpLimits.StreamStall)} s |",
            $"| connection without a call | {Seconds(HttpLimits.IdleTimeout)} s |",
            $"| body | {Mebibytes(CallLimits.MaxBodyBytes)} MiB; {Mebibytes(CallLimits.MaxListBodyBytes)} MiB for lists of leases; "
            + $"{Mebibytes(CallLimits.MaxPayloadBodyBytes)} MiB with payloads or results |",
        })
        {
            Assert.Contains(row, document, StringComparison.Ordinal);
        }
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    private static string Mebibytes(int bytes) => (bytes >> 20).ToString(CultureInfo.InvariantCulture);

    private static string InRepository(params string[] path) => Path.Combine([Root(), .. path]);

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    private async Task<string> AnswerAsync(string request)
    {
        using var connection = await OpenAsync(request);
        return await connection.FirstLineAsync();
    }

    private async Task<RawConnection> OpenAsync(string request)
    {
        var client = new TcpClient { ReceiveBufferSize = 16 * 1024 };
        await client.ConnectAsync("127.0.0.1", new Uri(http.App.Urls.Single()).Port);
        var connection = new RawConnection(client);
        await connection.SendAsync(request);
        return connection;
    }

    private sealed class RawConnection(TcpClient client) : IDisposable
    {
        private readonly CancellationTokenSource limit = new(HttpNode.Patience);

        public async Task SendAsync(string text)
        {
            try
            {
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), limit.Token);
            }
            catch (IOException)
            {
                // The server has answered before the end, and closed the connection.
            }
        }

        /// <summary>The first line of the answer; empty if the connection ended without one.</summary>
        public async Task<string> FirstLineAsync()
        {
            var line = new StringBuilder();
            var one = new byte[1];
            try
            {
                while (await client.GetStream().ReadAsync(one, limit.Token) == 1 && one[0] != '\r')
                {
                    line.Append((char)one[0]);
                }
            }
            catch (IOException)
            {
                // Reset by the server.
            }

            return line.ToString();
        }

        /// <summary>Reads until the server closes the connection.</summary>
        public async Task EndAsync()
        {
            var buffer = new byte[4096];
            try
            {
                while (await client.GetStream().ReadAsync(buffer, limit.Token) > 0)
                {
                }
            }
            catch (IOException)
            {
                // Reset by the server.
            }
        }

        public void Dispose()
        {
            limit.Dispose();
            client.Dispose();
        }
    }
}

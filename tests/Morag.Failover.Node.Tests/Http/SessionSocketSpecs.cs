using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>The session of a worker over a WebSocket.</summary>
public sealed class SessionSocketSpecs : IAsyncLifetime
{
    private const string Query = "instance_id=i-1&session=1";

    private HttpNode http = null!;

    public async Task InitializeAsync()
    {
        http = await HttpNode.Start();
        http.Owners.Answer = Follow;
    }

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Fact]
    public async Task Should_confirm_each_beat_and_tell_the_entity_nothing_of_it()
    {
        using var socket = await OpenAsync();

        for (byte number = 1; number <= 50; number++)
        {
            await socket.SendAsync(new[] { number }, WebSocketMessageType.Binary, true, Soon());
            Assert.Equal([number], (await NextAsync(socket)).Bytes);
        }

        var announced = Assert.Single(http.Owners.Received<OpenSession>());
        Assert.Equal(("w-1", "i-1"), (announced.WorkerId.Value, announced.InstanceId!.Value.Value));
        Assert.NotNull(announced.Watch);
    }

    [Fact]
    public async Task Should_pass_signals_to_the_worker_and_close_the_session_of_a_replaced_instance()
    {
        using var socket = await OpenAsync();
        var session = http.Owners.Senders[typeof(OpenSession)];

        session.Tell(new LeaseRevoked { TaskId = new("t-1"), Epoch = new(3), Reason = "it timed out" });
        session.Tell(new DrainSignal { Reason = "update" });
        session.Tell(new SupersededSignal());

        Assert.Equal(
            """{"event":"lease_revoked","data":{"task_id":"t-1","epoch":3,"reason":"it timed out"}}""", (await NextAsync(socket)).Text);
        Assert.Contains("\"event\":\"drain\",\"data\":{\"reason\":\"update\"", (await NextAsync(socket)).Text, StringComparison.Ordinal);
        Assert.Equal("""{"event":"superseded","data":{}}""", (await NextAsync(socket)).Text);
        Assert.Equal(WebSocketMessageType.Close, (await NextAsync(socket)).Type);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Soon());
        await Eventually.IsTrue(() => http.OpenCalls == 0);
        Assert.Empty(http.Owners.Received<SessionBroken>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_tell_the_worker_s_entity_when_the_worker_ends_the_session(bool inOrder)
    {
        using var socket = await OpenAsync();
        if (inOrder)
        {
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Soon());
        }
        else
        {
            socket.Abort();
        }

        await Eventually.IsTrue(() => http.Owners.Received<SessionBroken>().Any());
        Assert.Equal(http.Owners.Received<OpenSession>().First().SessionId, http.Owners.Received<SessionBroken>().Single().SessionId);
    }

    [Theory]
    [InlineData(WebSocketMessageType.Text, 1, true)]
    [InlineData(WebSocketMessageType.Binary, 0, true)]
    [InlineData(WebSocketMessageType.Binary, 9, true)]
    [InlineData(WebSocketMessageType.Binary, 1, false)]
    [InlineData(WebSocketMessageType.Binary, 70_000, true)]
    public async Task Should_close_the_connection_without_blaming_the_worker_when_a_frame_is_no_beat(
        WebSocketMessageType type, int length, bool isWhole)
    {
        using var socket = await OpenAsync();

        await socket.SendAsync(new byte[length], type, isWhole, Soon());

        await ClosesAsync(socket, "a frame must be binary, of 1 to 8 bytes");
    }

    [Fact]
    public async Task Should_close_the_connection_without_blaming_the_worker_when_it_is_flooded()
    {
        using var socket = await OpenAsync();
        try
        {
            for (var number = 0; number < HttpLimits.FrameBurst + 1_000; number++)
            {
                await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, Soon());
            }
        }
        catch (WebSocketException)
        {
            // The node has closed it meanwhile.
        }

        await Eventually.IsTrue(() => http.OpenCalls == 0);
        Assert.Empty(http.Owners.Received<SessionBroken>());
    }

    [Fact]
    public async Task Should_end_the_connection_without_blaming_the_worker_when_the_node_stops()
    {
        using var socket = await OpenAsync();

        http.App.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.Equal(WebSocketMessageType.Close, (await NextAsync(socket)).Type);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Soon());
        await Eventually.IsTrue(() => http.OpenCalls == 0);
        Assert.Empty(http.Owners.Received<SessionBroken>());
    }

    [Theory]
    [InlineData("none", null, null, 401)]
    [InlineData("reader", "dashboard", null, 403)]
    [InlineData("other worker", "other", null, 403)]
    [InlineData("web page", "farm", "http://elsewhere.example", 403)]
    public async Task Should_be_no_door_around_the_rules_of_the_other_calls(string who, string? token, string? origin, int status)
    {
        await using var guarded = await HttpNode.Start(new HttpApiSettings
        {
            Tokens = ["everything"],
            NamedTokens =
            [
                Named("dashboard", TokenKind.Reader),
                Named("other", TokenKind.Worker, "w-2"),
                Named("farm", TokenKind.Worker, "w-*"),
            ],
        });
        guarded.Owners.Answer = Follow;
        using (var allowed = await OpenAsync(guarded, token: "farm"))
        {
            Assert.Equal(WebSocketState.Open, allowed.State);
        }

        Assert.True(await RefusedAsync(guarded, token, origin: origin) == status, who);
    }

    [Fact]
    public async Task Should_end_the_session_when_its_token_expires()
    {
        await using var guarded = await HttpNode.Start(new HttpApiSettings
        {
            NamedTokens =
            [
                new()
                {
                    Name = "short",
                    Kind = TokenKind.Worker,
                    Digest = [.. AccessToken.DigestOf("short")],
                    Workers = ["w-1"],
                    Expires = TimeProvider.System.GetUtcNow().AddSeconds(2),
                },
            ],
        });
        guarded.Owners.Answer = Follow;
        using var socket = await OpenAsync(guarded, token: "short");

        await Assert.ThrowsAnyAsync<WebSocketException>(() => NextAsync(socket));
        await Eventually.IsTrue(() => guarded.OpenCalls == 0);
    }

    [Fact]
    public async Task Should_not_confirm_beats_when_this_node_may_not_answer_for_the_entity()
    {
        using var socket = await OpenAsync();
        http.Presence.Revoke();

        await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, Soon());

        // The node reads this after the beat, and answers.
        await socket.SendAsync(new byte[9], WebSocketMessageType.Binary, true, Soon());
        await ClosesAsync(socket, "a frame must be binary, of 1 to 8 bytes");
    }

    [Fact]
    public async Task Should_refuse_a_host_name_that_is_not_this_machine_s_when_no_token_is_set() =>
        Assert.Equal(403, await RefusedAsync(http, host: "rebound.example"));

    [Fact]
    public async Task Should_refuse_another_protocol() => Assert.Equal(400, await RefusedAsync(http, protocol: "chat"));

    [Theory]
    [InlineData("instance_id=i-1")]
    [InlineData("instance_id=i-1&session=0")]
    [InlineData("session=1")]
    public async Task Should_refuse_a_session_that_cannot_be_told_from_an_earlier_one(string query) =>
        Assert.Equal(400, await RefusedAsync(http, query: query));

    [Fact]
    public async Task Should_refuse_more_sessions_than_connections_are_allowed()
    {
        await using var small = await HttpNode.Start(new HttpApiSettings { MaxConnections = 10 });
        small.Owners.Answer = Follow;
        var open = new List<ClientWebSocket>();
        for (var number = 0; number < 10; number++)
        {
            open.Add(await OpenAsync(small));
        }

        Assert.Equal(503, await RefusedAsync(small));
        open.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Should_end_the_connection_when_control_frames_flood_it()
    {
        await using var node = await HttpNode.Start();
        node.Owners.Answer = Follow;
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, new Uri(node.App.Urls.Single()).Port, Soon());
        var stream = tcp.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"GET /api/v1/workers/w-1/session?{Query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + $"Sec-WebSocket-Protocol: {SessionProtocol.Name}\r\n\r\n"),
            Soon());
        var drained = stream.CopyToAsync(Stream.Null, Soon());
        byte[] ping = [0x89, 0x80 | 125, 0, 0, 0, 0, .. new byte[125]];

        var sent = 0;
        try
        {
            for (; sent < HttpLimits.SessionByteBurst * 100; sent += ping.Length)
            {
                await stream.WriteAsync(ping, Soon());
            }
        }
        catch (IOException)
        {
            // The node has ended it.
        }

        await drained.ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.True(sent < HttpLimits.SessionByteBurst * 100, "the node ends the connection");
        await Eventually.IsTrue(() => node.OpenCalls == 0);
    }

    [Fact]
    public async Task Should_answer_with_the_refusal_when_the_worker_is_unknown()
    {
        http.Owners.Answer = _ => Contracts.Wire.Refused.Unknown("there is no worker w-1");

        Assert.Equal(404, await RefusedAsync(http));
    }

    private static object? Follow(Contracts.Wire.IWireMessage message) =>
        message is OpenSession { Watch: not null } ? SessionWatched.Instance : GoodOwners.Answer(message);

    private static CancellationToken Soon() => new CancellationTokenSource(HttpNode.Patience).Token;

    private static AccessToken Named(string name, TokenKind kind, params string[] workers) =>
        new() { Name = name, Kind = kind, Digest = [.. AccessToken.DigestOf(name)], Workers = [.. workers] };

    private Task<ClientWebSocket> OpenAsync() => OpenAsync(http);

    private static async Task<ClientWebSocket> OpenAsync(
        HttpNode node,
        string? token = null,
        string protocol = SessionProtocol.Name,
        string? origin = null,
        string? host = null,
        string query = Query)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        socket.Options.CollectHttpResponseDetails = true;
        var bearer = token is null ? null : $"Bearer {token}";
        foreach (var (name, value) in new[] { ("Authorization", bearer), ("Origin", origin), ("Host", host) })
        {
            if (value is not null)
            {
                socket.Options.SetRequestHeader(name, value);
            }
        }

        var url = new UriBuilder(node.App.Urls.Single()) { Scheme = "ws", Path = "/api/v1/workers/w-1/session", Query = query };
        try
        {
            await socket.ConnectAsync(url.Uri, Soon());
            return socket;
        }
        catch (WebSocketException refused)
        {
            refused.Data["status"] = socket.HttpStatusCode;
            socket.Dispose();
            throw;
        }
    }

    private static async Task<int> RefusedAsync(
        HttpNode node,
        string? token = null,
        string protocol = SessionProtocol.Name,
        string? origin = null,
        string? host = null,
        string query = Query)
    {
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync(node, token, protocol, origin, host, query));
        return (int)(HttpStatusCode)refused.Data["status"]!;
    }

    private async Task ClosesAsync(ClientWebSocket socket, string reason)
    {
        var last = await NextAsync(socket);
        Assert.Equal(
            (WebSocketMessageType.Close, WebSocketCloseStatus.PolicyViolation, reason),
            (last.Type, socket.CloseStatus, socket.CloseStatusDescription));
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Soon());
        await Eventually.IsTrue(() => http.OpenCalls == 0);
        Assert.Empty(http.Owners.Received<SessionBroken>());
    }

    private static async Task<Frame> NextAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        var frame = await socket.ReceiveAsync(buffer, Soon());
        return new Frame(frame.MessageType, buffer[..frame.Count]);
    }

    private sealed record Frame(WebSocketMessageType Type, byte[] Bytes)
    {
        public string Text => Encoding.UTF8.GetString(Bytes);
    }
}

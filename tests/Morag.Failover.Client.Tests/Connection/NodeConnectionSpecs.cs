using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Tests.Connection;

/// <summary>Calls with several nodes, some of which die, hang, or answer that they are not ready.</summary>
public sealed class NodeConnectionSpecs : IAsyncLifetime
{
    private readonly FakeNode one = new();
    private readonly FakeNode other = new();
    private readonly List<IDisposable> open = [];

    public async Task InitializeAsync()
    {
        foreach (var node in new[] { one, other })
        {
            node.Answer = (call, _) => Task.FromResult<IResult?>(FakeNode.Health(call) ?? FakeNode.Json(new { }));
            await node.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        open.ForEach(opened => opened.Dispose());
        await one.DisposeAsync();
        await other.DisposeAsync();
    }

    [Fact]
    public async Task Should_stay_on_the_first_node_when_it_answers()
    {
        var connection = Connect(one.Address, other.Address);

        await CallAsync(connection);
        await CallAsync(connection);

        Assert.Equal((2, 0), (CallsOf(one), CallsOf(other)));
    }

    [Fact]
    public async Task Should_move_to_the_other_node_and_stay_there_when_the_first_one_is_dead()
    {
        var moves = new List<NodeAddress>();
        var connection = Connect(one.Address, other.Address);
        connection.Moved = moves.Add;
        await CallAsync(connection);
        await one.StopAsync();

        await CallAsync(connection, repeatable: false);
        await one.StartAsync();
        await CallAsync(connection);

        Assert.Equal((1, 2), (CallsOf(one), CallsOf(other)));
        Assert.Equal([NodeAddress.Of(other.Address)], moves);
    }

    [Fact]
    public async Task Should_name_all_nodes_when_none_answers()
    {
        await one.StopAsync();
        await other.StopAsync();

        var failure = await Assert.ThrowsAsync<NodeUnreachable>(() => CallAsync(Connect(one.Address, other.Address)));

        Assert.StartsWith($"no node answers at {Name(one)} (", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"), {Name(other)} (", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_repeat_a_call_on_another_node_only_when_it_is_repeatable_and_its_answer_was_lost(bool repeatable)
    {
        one.Answer = (_, context) =>
        {
            context.Abort();
            return Task.FromResult<IResult?>(null);
        };
        var connection = Connect(one.Address, other.Address);

        if (repeatable)
        {
            await CallAsync(connection);
        }
        else
        {
            _ = await Assert.ThrowsAsync<NodeUnreachable>(() => CallAsync(connection, repeatable: false));
        }

        Assert.Equal(repeatable ? 1 : 0, CallsOf(other));

        // The next call goes to the other node in both cases.
        await CallAsync(connection, repeatable: false);
        Assert.Equal(1, CallsOf(one));
    }

    [Fact]
    public async Task Should_move_to_the_other_node_when_the_first_one_resets_the_connection_at_once()
    {
        var connection = Connect(handler => new ResetsAtOnce(handler, one.Address), one.Address, other.Address);

        await CallAsync(connection, repeatable: false);

        Assert.Equal((0, 1), (CallsOf(one), CallsOf(other)));
    }

    [Fact]
    public async Task Should_say_that_nothing_was_sent_when_the_only_node_resets_the_connection_at_once()
    {
        var connection = Connect(handler => new ResetsAtOnce(handler, one.Address), one.Address);

        var failure = await Assert.ThrowsAsync<NodeUnreachable>(() => CallAsync(connection));

        Assert.True(failure.NothingSent);
        Assert.StartsWith($"no node answers at {Name(one)} (", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_not_ask_the_other_node_when_the_first_one_dies_with_a_call_that_is_not_repeatable()
    {
        using var dying = new DyingNode();
        var connection = Connect(dying.Address, other.Address);
        await CallAsync(connection);

        var failure = await Assert.ThrowsAsync<NodeUnreachable>(() => CallAsync(connection, repeatable: false));

        Assert.False(failure.NothingSent);
        Assert.Equal(0, CallsOf(other));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_say_that_the_call_may_have_happened_only_when_an_answer_was_lost_before_the_token_failed(bool isLost)
    {
        if (isLost)
        {
            one.Answer = (_, context) =>
            {
                context.Abort();
                return Task.FromResult<IResult?>(null);
            };
        }
        else
        {
            await one.StopAsync();
        }

        other.RequiredToken = "second";
        var asked = 0;
        var token = BearerToken.From(_ => asked++ == 0
            ? ValueTask.FromResult<string?>("first")
            : throw new InvalidOperationException("the vault is sealed"));

        var failure = await Assert.ThrowsAsync<TokenUnavailable>(() => CallAsync(Connect(token, one.Address, other.Address)));

        Assert.Equal(isLost, failure.EarlierMayHaveHappened);
        Assert.Contains("the vault is sealed", failure.Message, StringComparison.Ordinal);
        var translated = await Assert.ThrowsAsync<MoragUnavailableException>(
            () => CallFailures.TranslateAsync<bool>(() => throw failure));
        Assert.Equal(isLost, translated.OutcomeUnknown);
    }

    [Theory]
    [InlineData(ProblemTypes.NotReady, 503)]
    [InlineData(null, 502)]
    [InlineData(null, 503)]
    [InlineData(null, 504)]
    public async Task Should_move_within_the_call_when_the_node_is_not_ready_or_not_behind_its_proxy(string? type, int status)
    {
        one.Answer = (_, _) => Task.FromResult<IResult?>(Results.Problem("wait", type: type, statusCode: status));

        await CallAsync(Connect(one.Address, other.Address));

        Assert.Equal((1, 1), (CallsOf(one), CallsOf(other)));
    }

    [Fact]
    public async Task Should_move_a_call_that_changes_something_when_the_node_is_not_ready()
    {
        one.Answer = (_, _) => Task.FromResult<IResult?>(Results.Problem("stopping", type: ProblemTypes.NotReady, statusCode: 503));

        await CallAsync(Connect(one.Address, other.Address), repeatable: false);

        Assert.Equal(1, CallsOf(other));
    }

    [Theory]
    [InlineData(ProblemTypes.Prefix + "unavailable", 1, 1)]
    [InlineData(ProblemTypes.OwnerDown, 2, 0)]
    public async Task Should_ask_another_node_next_time_only_when_it_may_reach_the_owner(string type, int toOne, int toOther)
    {
        one.Answer = (_, _) => Task.FromResult<IResult?>(Results.Problem("wait", type: type, statusCode: 503));
        var connection = Connect(one.Address, other.Address);

        var refused = await Assert.ThrowsAsync<NodeRefused>(() => CallAsync(connection));
        Assert.Equal(type, refused.Problem.Type);
        _ = await Record.ExceptionAsync(() => CallAsync(connection));

        Assert.Equal((toOne, toOther), (CallsOf(one), CallsOf(other)));
    }

    [Theory]
    [InlineData(1.9)]
    [InlineData(20)]
    [InlineData(600)]
    public async Task Should_leave_a_node_that_is_frozen_when_another_one_can_answer(double timeoutSeconds)
    {
        using var frozen = new FrozenNode();
        var connection = Connect(one.Address, frozen.Address, other.Address);
        await one.StopAsync();

        // The frozen node accepts connections and reads nothing.
        await CallAsync(connection, timeout: TimeSpan.FromSeconds(timeoutSeconds)).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(1, CallsOf(other));
        Assert.Equal(other.Address, connection.Node);
    }

    [Fact]
    public async Task Should_send_the_call_only_to_the_node_that_is_alive_when_several_others_are_frozen()
    {
        await using var second = new FakeNode { Answer = Never };
        await using var third = new FakeNode { Answer = Never };
        await second.StartAsync();
        await third.StartAsync();
        one.Answer = Never;

        await CallAsync(Connect(one.Address, second.Address, third.Address, other.Address));

        Assert.Equal((1, 0, 0, 1), (CallsOf(one), CallsOf(second), CallsOf(third), CallsOf(other)));

        static async Task<IResult?> Never(SeenCall call, HttpContext context)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return null;
        }
    }

    [Fact]
    public async Task Should_wait_for_a_slow_answer_when_the_node_is_alive()
    {
        one.Answer = async (call, _) =>
        {
            await Task.Delay(call.PathAndQuery == "/health/live" ? 0 : 2_500);
            return FakeNode.Health(call) ?? FakeNode.Json(new { });
        };

        await CallAsync(Connect(one.Address, other.Address));

        Assert.Empty(other.Calls);
        Assert.NotEmpty(one.CallsTo("GET", "/health/live"));
    }

    [Fact]
    public async Task Should_end_a_stream_when_another_call_finds_that_its_node_is_frozen()
    {
        one.Answer = async (_, context) =>
        {
            await context.Response.WriteAsync(": open\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return null;
        };
        var connection = Connect(one.Address, other.Address);
        using var stream = await connection.OpenAsync(Request, CancellationToken.None);
        Assert.False(stream.Abandoned.IsCancellationRequested);

        one.Answer = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return null;
        };
        await CallAsync(connection);

        Assert.True(stream.Abandoned.IsCancellationRequested);
    }

    [Theory]
    [InlineData("not ready")]
    [InlineData("not behind its proxy")]
    [InlineData("reset")]
    public async Task Should_let_a_node_finish_the_calls_that_it_has_when_another_one_fails(string how)
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        one.Answer = async (call, context) =>
        {
            switch (call.PathAndQuery, how)
            {
                case ("/health/live", _):
                    return FakeNode.Health(call);
                case ("/slow", _):
                    await answer.Task;
                    break;
                case (_, "not ready"):
                    return Results.Problem("stopping", type: ProblemTypes.NotReady, statusCode: 503);
                case (_, "not behind its proxy"):
                    return Results.Problem("bad gateway", statusCode: 502);
                default:
                    context.Abort();
                    return null;
            }

            return FakeNode.Json(new { });
        };
        var connection = Connect(one.Address, other.Address);
        var slow = CallAsync(connection, path: "/slow");
        await Wait.UntilAsync(() => one.CallsTo("POST", "/slow").Any(), "the slow call");

        await CallAsync(connection);
        Assert.Equal(other.Address, connection.Node);
        answer.SetResult();
        await slow;

        Assert.Empty(other.CallsTo("POST", "/slow"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_abandon_only_calls_that_can_be_repeated_when_the_node_accepts_no_more_connections(bool repeatable)
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connection = Connect(handler => new AcceptsNoMore(handler, one.Address, answer.Task), one.Address, other.Address);
        var slow = CallAsync(connection, repeatable, path: "/slow");

        await CallAsync(connection);
        if (!repeatable)
        {
            answer.SetResult();
        }

        await slow;
        Assert.Equal(repeatable ? 1 : 0, other.CallsTo("POST", "/slow").Count());
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, SocketError.ConnectionRefused, true)]
    [InlineData(HttpRequestError.ConnectionError, SocketError.HostUnreachable, true)]
    [InlineData(HttpRequestError.ConnectionError, SocketError.TryAgain, false)]
    [InlineData(HttpRequestError.NameResolutionError, SocketError.HostNotFound, false)]
    [InlineData(HttpRequestError.ResponseEnded, SocketError.ConnectionReset, false)]
    public void Should_tell_a_node_that_cannot_be_reached_from_other_failures(HttpRequestError error, SocketError cause, bool isConnect) =>
        Assert.Equal(isConnect, NoAnswer.IsConnectFailure(new HttpRequestException(error, "failed", new SocketException((int)cause))));

    [Fact]
    public async Task Should_give_up_on_a_stream_when_the_body_of_its_error_does_not_arrive()
    {
        one.Answer = async (_, context) =>
        {
            (context.Response.StatusCode, context.Response.ContentLength) = (500, 100);
            await context.Response.StartAsync();
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return null;
        };

        var failure = await Assert.ThrowsAsync<NodeUnreachable>(() => Connect(one.Address)
            .SendAsync(Request, TimeSpan.FromSeconds(1), streamed: true, CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(60)));

        Assert.True(failure.IsLate);
    }

    [Theory]
    [InlineData(200, "text/html")]
    [InlineData(302, "text/html")]
    [InlineData(401, "text/plain")]
    [InlineData(404, "text/plain")]
    [InlineData(405, "text/html")]
    [InlineData(409, "application/json")]
    [InlineData(500, "text/plain")]
    public async Task Should_leave_an_address_that_another_server_has_and_not_return_to_it(int status, string type)
    {
        one.Answer = (call, _) => Task.FromResult<IResult?>(call.Method == "GET"
            ? Results.Text("<html>Welcome</html>", "text/html")
            : Results.Text("\"not here\"", type, statusCode: status));
        var connection = Connect(one.Address, other.Address);

        await CallAsync(connection);

        Assert.Equal(other.Address, connection.Node);
        await Wait.UntilSucceedsAsync(async () =>
        {
            Assert.False(await connection.ReturnAsync(CancellationToken.None));
            Assert.NotEmpty(one.CallsTo("GET", "/health/ready"));
        });
    }

    [Fact]
    public async Task Should_say_that_another_server_answered_and_that_the_outcome_is_unknown_when_it_answers_with_a_web_page()
    {
        one.Answer = (_, _) => Task.FromResult<IResult?>(Results.Text("<html>Welcome</html>", "text/html"));

        var refused = await Assert.ThrowsAsync<NodeRefused>(() => CallAsync(Connect(one.Address, other.Address), repeatable: false));

        Assert.Contains("another server or a proxy answers instead of the node", refused.Message, StringComparison.Ordinal);
        Assert.True(Assert.IsType<MoragUnavailableException>(Problems.Of(refused)).OutcomeUnknown);
        Assert.Equal(0, CallsOf(other));
    }

    [Fact]
    public async Task Should_keep_the_known_nodes_when_the_list_of_nodes_has_an_entry_that_is_null()
    {
        one.Answer = (_, _) => Task.FromResult<IResult?>(Results.Text("[null]", "application/json"));
        var connection = Connect(one.Address);

        Assert.False(await connection.LearnAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Should_learn_the_other_nodes_and_use_them_when_the_given_one_dies()
    {
        one.RequiredToken = other.RequiredToken = "a-secret-of-the-fleet";
        Announce(one, Name(one), Name(other), "https://elsewhere.example");
        var connection = Connect(BearerToken.Fixed("a-secret-of-the-fleet"), one.Address);

        Assert.True(await connection.LearnAsync(CancellationToken.None));
        Assert.False(await connection.LearnAsync(CancellationToken.None));
        await one.StopAsync();
        await CallAsync(connection);

        Assert.Equal([one.Address, other.Address], connection.Addresses.Select(address => address.Url));
        Assert.Equal("a-secret-of-the-fleet", Assert.Single(other.Calls).Token);
    }

    [Fact]
    public async Task Should_return_to_the_first_node_only_when_it_is_ready()
    {
        var connection = Connect(one.Address, other.Address);
        await one.StopAsync();
        await CallAsync(connection);
        one.Answer = (_, _) => Task.FromResult<IResult?>(Results.Problem("joining", type: ProblemTypes.NotReady, statusCode: 503));
        await one.StartAsync();
        Assert.False(await connection.ReturnAsync(CancellationToken.None));

        one.Answer = (call, _) => Task.FromResult<IResult?>(FakeNode.Health(call) ?? FakeNode.Json(new { }));
        await Wait.UntilSucceedsAsync(async () => Assert.True(await connection.ReturnAsync(CancellationToken.None)));

        Assert.Equal(one.Address, connection.Node);
    }

    [Fact]
    public async Task Should_try_every_address_of_a_name_when_it_has_several()
    {
        var proxy = new NodeProxy(new WebProxy());
        var resolver = new NodeResolver(
            proxy, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2"), IPAddress.Loopback]));
        var name = NodeAddress.Of(new Uri("http://morag.example:8080"));
        var literal = NodeAddress.Of(new Uri("http://10.1.1.1:8080"));

        var found = await resolver.ResolveAsync([name, literal], CancellationToken.None);

        Assert.Equal(["10.0.0.1", "10.0.0.2", "127.0.0.1"], found[..3].Select(address => address.Ip!.ToString()).Order());
        Assert.Equal(literal, found[3]);
    }

    [Fact]
    public async Task Should_keep_the_name_when_it_cannot_be_resolved_now()
    {
        var resolver = new NodeResolver(new NodeProxy(new WebProxy()), (_, _) => throw new SocketException((int)SocketError.HostNotFound));
        var name = NodeAddress.Of(new Uri("http://morag.example:8080"));

        Assert.Equal([name], await resolver.ResolveAsync([name], CancellationToken.None));
    }

    [Fact]
    public async Task Should_connect_to_the_chosen_address_when_a_name_has_several()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"http://no-such-name.invalid:{one.Address.Port}/");
        var pinned = new NodeAddress(new Uri(name), IPAddress.Loopback);
        using var channel = new NodeChannel(pinned, new NodeProxy(new WebProxy()), NodeTrust.Machine);

        Assert.True(await channel.IsAsync("live", CancellationToken.None));
    }

    /// <summary>The calls that a node got, besides the checks whether it is alive, which depend on the speed of the machine.</summary>
    private static int CallsOf(FakeNode node) => node.Calls.Count(call => call.PathAndQuery != "/health/live");

    private static HttpRequestMessage Request() => Request("/api/v1/anything");

    private static HttpRequestMessage Request(string path) => new(HttpMethod.Post, path);

    private static string Name(FakeNode node) => node.Address.GetLeftPart(UriPartial.Authority);

    private static void Announce(FakeNode node, params string[] addresses) => node.Answer = (call, _) => Task.FromResult<IResult?>(
        call.PathAndQuery == "/api/v1/cluster/nodes"
            ? FakeNode.Json(addresses.Select(address => new { node = "akka.tcp://morag@x:1", address, status = "up", reachable = true }))
            : FakeNode.Json(new { }));

    private static async Task CallAsync(
        NodeConnection connection, bool repeatable = true, TimeSpan? timeout = null, string path = "/api/v1/anything")
    {
        using var answer = await connection.SendAsync(
            () => Request(path), timeout ?? TimeSpan.FromSeconds(20), streamed: false, CancellationToken.None, repeatable);
    }

    private NodeConnection Connect(params Uri[] nodes) => Connect(BearerToken.None, nodes);

    private NodeConnection Connect(BearerToken token, params Uri[] nodes) => Connect(token, null, nodes);

    private NodeConnection Connect(Func<HttpMessageHandler, HttpMessageHandler> wrap, params Uri[] nodes) =>
        Connect(BearerToken.None, wrap, nodes);

    private NodeConnection Connect(BearerToken token, Func<HttpMessageHandler, HttpMessageHandler>? wrap, params Uri[] nodes)
    {
        var connection = new NodeConnection(nodes, token, TimeProvider.System, wrap: wrap);
        open.Add(connection);
        return connection;
    }

    /// <summary>Fails as a connection does that the node has reset before it is used.</summary>
    private sealed class ResetsAtOnce(HttpMessageHandler inner, Uri node) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.RequestUri?.Authority == node.Authority
                ? throw new SocketException((int)SocketError.NotConnected)
                : base.SendAsync(request, cancellationToken);
    }

    /// <summary>Answers what it got before it closed its port, and can say that it is alive.</summary>
    private sealed class AcceptsNoMore(HttpMessageHandler inner, Uri node, Task slow) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri?.Authority != node.Authority)
            {
                return await base.SendAsync(request, cancellationToken);
            }

            if (request.RequestUri.AbsolutePath is var path && path is not ("/slow" or "/health/live"))
            {
                throw new HttpRequestException(
                    HttpRequestError.ConnectionError, "refused", new SocketException((int)SocketError.ConnectionRefused));
            }

            await (path == "/slow" ? slow.WaitAsync(cancellationToken) : Task.CompletedTask);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("""{"status":"live"}""") };
        }
    }

    /// <summary>Answers one call, and dies when it has received the next one on the same connection.</summary>
    private sealed class DyingNode : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public DyingNode()
        {
            listener.Start();
            Address = new($"http://{listener.LocalEndpoint}/");
            _ = ServeAsync();
        }

        public Uri Address { get; }

        public void Dispose() => listener.Dispose();

        private async Task ServeAsync()
        {
            using var client = await listener.AcceptTcpClientAsync();
            using var reader = new StreamReader(client.GetStream());
            await HeadAsync(reader);
            await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray());
            await HeadAsync(reader);
            listener.Stop();
        }

        private static async Task HeadAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
                // Calls of these specs have no body.
            }
        }
    }

    /// <summary>Accepts connections like the kernel of a stopped process, and never reads or answers.</summary>
    private sealed class FrozenNode : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public FrozenNode() => listener.Start();

        public Uri Address => new($"http://{listener.LocalEndpoint}/");

        public void Dispose() => listener.Stop();
    }
}

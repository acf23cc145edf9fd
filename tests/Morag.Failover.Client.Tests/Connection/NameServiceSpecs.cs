using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client.Tests.Connection;

/// <summary>Nodes behind one name, while the name service changes its mind or fails. No network is used.</summary>
public sealed class NameServiceSpecs : IDisposable
{
    private const string Service = "http://morag.example:8080";

    private readonly ConcurrentQueue<FakeConnections> opened = new();
    private readonly TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NodeConnection connection;
    private string[]? registered = ["10.0.0.1", "10.0.0.2"];

    public NameServiceSpecs() => connection = new NodeConnection(
        [new Uri(Service)], BearerToken.None, TimeProvider.System, wrap: Open, lookup: (_, _) => Lookup());

    public void Dispose()
    {
        _ = answer.TrySetResult();
        connection.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.2")]
    [InlineData("10.0.0.3,10.0.0.4")]
    public async Task Should_keep_the_calls_and_streams_of_live_nodes_whatever_the_name_service_says(string? later)
    {
        using var stream = await OpenAsync();
        var slow = SendAsync("/slow", repeatable: false);

        registered = later?.Split(',');
        _ = await connection.LearnAsync(CancellationToken.None);
        _ = await SendAsync("/quick");

        Assert.False(stream.Abandoned.IsCancellationRequested);
        answer.SetResult();
        Assert.Equal(HttpStatusCode.OK, await slow);
    }

    [Theory]
    [InlineData(null, "10.0.0.1 10.0.0.2")]
    [InlineData("10.0.0.2", "10.0.0.2")]
    [InlineData("10.0.0.2,10.0.0.3", "10.0.0.2 10.0.0.3")]
    public async Task Should_use_the_registered_addresses_or_those_known_before_if_there_is_no_answer(string? later, string used)
    {
        _ = await SendAsync("/quick");

        registered = later?.Split(',');
        _ = await connection.LearnAsync(CancellationToken.None);

        Assert.Equal(used, string.Join(' ', connection.Addresses.Select(address => address.Ip!.ToString()).Order()));
    }

    [Fact]
    public async Task Should_close_the_connections_to_a_removed_address_when_its_last_stream_has_ended()
    {
        var stream = await OpenAsync();
        registered = ["10.0.0.3", "10.0.0.4"];
        _ = await connection.LearnAsync(CancellationToken.None);
        var first = opened.First();
        Assert.False(first.IsClosed);

        stream.Dispose();

        Assert.True(first.IsClosed);
    }

    [Fact]
    public async Task Should_use_the_open_connections_again_when_a_removed_address_returns()
    {
        using var stream = await OpenAsync();
        var first = connection.Addresses[0].Ip!.ToString();
        registered = ["10.0.0.3"];
        _ = await connection.LearnAsync(CancellationToken.None);

        registered = [first];
        _ = await connection.LearnAsync(CancellationToken.None);

        // Those to the first address and those to 10.0.0.3.
        Assert.Equal(2, opened.Count);
        Assert.False(opened.First().IsClosed);
    }

    [Fact]
    public async Task Should_end_the_streams_to_a_removed_address_when_its_node_does_not_answer()
    {
        using var stream = await OpenAsync();
        opened.First().IsDead = true;

        registered = ["10.0.0.3", "10.0.0.4"];
        _ = await connection.LearnAsync(CancellationToken.None);

        Assert.True(stream.Abandoned.IsCancellationRequested);
    }

    private Task<NodeStream> OpenAsync() => connection.OpenAsync(() => Request("/stream"), CancellationToken.None);

    private async Task<HttpStatusCode> SendAsync(string path, bool repeatable = true)
    {
        using var response = await connection.SendAsync(
            () => Request(path), TimeSpan.FromSeconds(30), streamed: false, CancellationToken.None, repeatable);
        return response.StatusCode;
    }

    private static HttpRequestMessage Request(string path) => new(HttpMethod.Post, path);

    private Task<IPAddress[]> Lookup() => registered is null
        ? throw new SocketException((int)SocketError.TryAgain)
        : Task.FromResult(registered.Select(IPAddress.Parse).ToArray());

    private FakeConnections Open(HttpMessageHandler unused)
    {
        unused.Dispose();
        var connections = new FakeConnections(answer.Task);
        opened.Enqueue(connections);
        return connections;
    }

    /// <summary>The connections to one address.</summary>
    private sealed class FakeConnections(Task slow) : HttpMessageHandler
    {
        public bool IsDead { get; set; }

        public bool IsClosed { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsDead)
            {
                throw new HttpRequestException("the node is dead");
            }

            if (request.RequestUri!.AbsolutePath == "/slow")
            {
                await slow.WaitAsync(cancellationToken);
            }

            var text = request.RequestUri.AbsolutePath == "/health/live" ? """{"status":"live"}""" : "[]";
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text) };
        }

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            base.Dispose(disposing);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace Morag.Redis.TestServers;

/// <summary>What a <see cref="RedisProxy"/> does to the connection on which the next matching request arrives.</summary>
public enum ProxyFault
{
    /// <summary>The connection breaks before the request has left: the server never sees it.</summary>
    CutBefore,

    /// <summary>The connection breaks when the server has received a part of the request.</summary>
    CutWithin,

    /// <summary>The connection breaks when the server has answered, but before the answer arrives.</summary>
    CutAfter,

    /// <summary>The connection stays open, but no more answers come through.</summary>
    SwallowReplies,

    /// <summary>The client sees the connection break; the server receives the request when it is released.</summary>
    HoldBack,
}

/// <summary>
/// A TCP connection between a client and a test server that fails when and as a test says. It only looks at whether a request
/// contains a word.
/// </summary>
public sealed class RedisProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, RedisTestServer.FreePort());
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly List<ProxiedConnection> connections = [];
    private readonly RedisTestServer server;
    private readonly EndPoint upstream;
    private readonly Task accepting;
    private Armed? armed;
    private TaskCompletionSource open = new();
    private TaskCompletionSource repliesOpen = new();

    private RedisProxy(RedisTestServer server)
    {
        this.server = server;
        upstream = ConfigurationOptions.Parse(server.Address).EndPoints[0];
        open.SetResult();
        repliesOpen.SetResult();
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    /// <summary>Port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The server's connection string, with the proxy in place of the server.</summary>
    public string ConnectionString => server.ConnectionString.Replace(server.Address, $"127.0.0.1:{Port}", StringComparison.Ordinal);

    /// <summary>A proxy in front of the server.</summary>
    public static RedisProxy To(RedisTestServer server) => new(server);

    /// <summary>Lets the next request that contains the word fail, and that one only; completes when it has.</summary>
    public Task FailNextAsync(ProxyFault fault, string word = "EVAL")
    {
        lock (gate)
        {
            armed = new Armed(fault, System.Text.Encoding.ASCII.GetBytes(word));
            return armed.Struck.Task;
        }
    }

    /// <summary>Breaks every connection that is open now.</summary>
    public void Cut()
    {
        foreach (var connection in Take())
        {
            connection.Close();
        }
    }

    /// <summary>From now on bytes wait in the proxy, in both directions, and so do new connections.</summary>
    public void Stall()
    {
        lock (gate)
        {
            open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>From now on requests reach the server, and its replies wait in the proxy, as on a line that is ever so long.</summary>
    public void HoldReplies()
    {
        lock (gate)
        {
            repliesOpen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends <see cref="Stall"/> and <see cref="HoldReplies"/>: what waited is delivered.</summary>
    public void Resume()
    {
        open.TrySetResult();
        repliesOpen.TrySetResult();
    }

    /// <summary>Sends to the server what <see cref="ProxyFault.HoldBack"/> has kept from it; completes when it has answered.</summary>
    public async Task ReleaseAsync()
    {
        foreach (var connection in Take())
        {
            await connection.ReleaseAsync();
        }
    }

    /// <summary>Breaks all connections and takes no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        Resume();
        listener.Stop();
        Cut();
        await accepting;
        stopping.Dispose();
    }

    internal Task PassAsync() => open.Task;

    internal Task PassReplyAsync() => Task.WhenAll(open.Task, repliesOpen.Task);

    /// <summary>The fault that this request meets, if any.</summary>
    internal Armed? Strike(ReadOnlySpan<byte> request)
    {
        lock (gate)
        {
            if (armed is null || request.IndexOf(armed.Word) < 0)
            {
                return null;
            }

            var struck = armed;
            armed = null;
            return struck;
        }
    }

    private ProxiedConnection[] Take()
    {
        lock (gate)
        {
            return [.. connections];
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(stopping.Token);
                await PassAsync();
                var connection = new ProxiedConnection(this, client, upstream);
                lock (gate)
                {
                    connections.Add(connection);
                }

                connection.Start();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    internal sealed record Armed(ProxyFault Fault, byte[] Word)
    {
        public TaskCompletionSource Struck { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Connection;

/// <summary>The connections to one address.</summary>
internal sealed class NodeChannel : IDisposable
{
    /// <summary>The time limit for a connection if another address can be tried.</summary>
    public static readonly TimeSpan ShortConnect = TimeSpan.FromSeconds(1);

    /// <summary>The time limit for a connection to the last address, and for a TLS handshake with any.</summary>
    public static readonly TimeSpan LongConnect = TimeSpan.FromSeconds(5);

    private static readonly HttpRequestOptionsKey<TimeSpan> ConnectLimit = new("morag-connect-limit");

    private readonly HttpClient http;
    private readonly NodeProxy proxy;
    private readonly NodeAddress address;
    private readonly Lock counting = new();
    private CancellationTokenSource abandoned = new();
    private int uses;
    private bool isRetired;

    /// <param name="address">The address.</param>
    /// <param name="proxy">The proxy of the environment.</param>
    /// <param name="trust">Which certificates are trusted.</param>
    /// <param name="wrap">Wraps what sends the requests; null for nothing.</param>
    public NodeChannel(
        NodeAddress address, NodeProxy proxy, NodeTrust trust, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null)
    {
        this.address = address;
        this.proxy = proxy;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = LongConnect,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AutomaticDecompression = DecompressionMethods.All,
            AllowAutoRedirect = false,
            Proxy = proxy,
            ConnectCallback = ConnectAsync,
            SslOptions = trust.ToTlsOptions(),
        };
        http = new HttpClient(wrap?.Invoke(handler) ?? handler)
        {
            BaseAddress = address.Url,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = CallLimits.MaxAnswerBytes,
        };
    }

    public NodeAddress Address => address;

    /// <summary>Cancelled when the node fails, so that calls and streams that wait for it move to another one.</summary>
    public CancellationToken Abandoned => Volatile.Read(ref abandoned).Token;

    /// <summary>Whether the connections are closed.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Counts a call or stream. The connections stay open until <see cref="Leave"/> is called for each.</summary>
    public void Enter()
    {
        lock (counting)
        {
            uses++;
        }
    }

    /// <summary>A call or stream has ended.</summary>
    public void Leave()
    {
        lock (counting)
        {
            uses--;
            IsGone |= isRetired && uses == 0;
        }

        if (IsGone)
        {
            Dispose();
        }
    }

    /// <summary>
    /// Gets no new calls, and closes the connections when the last call and stream has ended: the node may be alive, and only its address
    /// has changed.
    /// </summary>
    /// <returns>Whether nothing uses the connections now. The caller disposes of them then.</returns>
    public bool Retire()
    {
        lock (counting)
        {
            isRetired = true;
            return IsGone |= uses == 0;
        }
    }

    /// <summary>Gets calls again, unless its connections are closed already.</summary>
    public bool TryReturn()
    {
        lock (counting)
        {
            isRetired = IsGone;
            return !IsGone;
        }
    }

    /// <summary>Ends the calls and streams that wait for this node.</summary>
    public void Abandon() => Interlocked.Exchange(ref abandoned, new CancellationTokenSource()).Cancel();

    /// <summary>Sends a request.</summary>
    /// <exception cref="OperationCanceledException">No response arrived before <paramref name="cancellation"/>.</exception>
    /// <remarks>It throws what <see cref="NoAnswer.Explains"/> recognises if the node does not answer.</remarks>
    public async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, string? bearer, TimeSpan connectLimit, bool streamed, CancellationToken cancellation)
    {
        if (bearer is not null)
        {
            proxy.CheckToken(address.Url);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        request.Options.Set(ConnectLimit, connectLimit);
        return await http.SendAsync(
            request,
            streamed ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead,
            cancellation);
    }

    /// <summary>
    /// Whether the node's health check reports a status, <c>live</c> or <c>ready</c>. Another server may have the address by now, and a
    /// success of that one says nothing.
    /// </summary>
    public async Task<bool> IsAsync(string status, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/health/{status}");
            using var answer = await SendAsync(request, bearer: null, ShortConnect, streamed: false, cancellation);
            return answer.IsSuccessStatusCode && await ReportsAsync(answer, status, cancellation);
        }
        catch (Exception failure) when (NoAnswer.Explains(failure) || failure is OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        IsGone = true;
        Abandon();
        http.Dispose();
    }

    private static async Task<bool> ReportsAsync(HttpResponseMessage answer, string status, CancellationToken cancellation)
    {
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
            using var health = await JsonDocument.ParseAsync(stream, AnswerJson.Document, cancellation);
            return health.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("status", out var reported)
                && reported.ValueKind == JsonValueKind.String
                && reported.ValueEquals(status);
        }
        // A text with half a surrogate pair is JSON, and no string.
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var limit = context.InitialRequestMessage.Options.TryGetValue(ConnectLimit, out var given) ? given : LongConnect;
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        soon.CancelAfter(limit);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint target = address.Ip is { } ip ? new IPEndPoint(ip, context.DnsEndPoint.Port) : context.DnsEndPoint;
            await socket.ConnectAsync(target, soon.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            throw new TimeoutException($"no connection within {limit.TotalSeconds:0} s");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using System.Net;
using System.Net.Http.Headers;

namespace Morag.Failover.Cli.Connection;

/// <summary>Makes calls to one node, with its token, and turns every failure into one of two exceptions.</summary>
internal sealed class NodeConnection : IDisposable
{
    /// <summary>The default timeout of a call.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;
    private readonly Token token;
    private readonly NodeProxy proxy = new(HttpClient.DefaultProxy);

    public NodeConnection(Uri node, Token token)
    {
        Node = node;
        this.token = token;
        http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AutomaticDecompression = DecompressionMethods.All,
            AllowAutoRedirect = false,
            Proxy = proxy,
        })
        {
            BaseAddress = node,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public Uri Node { get; }

    /// <summary>Makes a call and returns its response. If the token is rejected and its file has a new one, the call is repeated.</summary>
    /// <param name="request">Creates the request for each attempt.</param>
    /// <param name="timeout">The time limit for the response, or for its headers if it is streamed.</param>
    /// <param name="streamed">Whether the caller reads the body as it arrives.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="NodeUnreachable">No response arrived.</exception>
    /// <exception cref="NodeRefused">The response has an error status.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> request, TimeSpan timeout, bool streamed, CancellationToken cancellation)
    {
        var used = token.Current;
        var response = await SendOnceAsync(request(), used, timeout, streamed, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && token.Renew(used))
        {
            response.Dispose();
            response = await SendOnceAsync(request(), token.Current, timeout, streamed, cancellation);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new NodeRefused(NodeProblem.Read(response.StatusCode, await BodyAsync(response, cancellation)));
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage request, string? bearer, TimeSpan timeout, bool streamed, CancellationToken cancellation)
    {
        using (request)
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            limit.CancelAfter(timeout);
            if (bearer is not null)
            {
                proxy.CheckToken(Node);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
            }

            try
            {
                return await http.SendAsync(
                    request,
                    streamed ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead,
                    limit.Token);
            }
            catch (HttpRequestException failure)
            {
                throw new NodeUnreachable(Node, failure);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new NodeUnreachable(Node, new TimeoutException($"no answer within {timeout.TotalSeconds:0} s"));
            }
        }
    }

    private async Task<string> BodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return await response.Content.ReadAsStringAsync(cancellation);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new NodeUnreachable(Node, failure);
        }
    }
}

using System.Net;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Connection;

/// <summary>
/// Makes calls to the nodes of a fleet with the token. Calls stay on one node until it fails, and then go to the next at once. Every
/// failure that remains is one of two exceptions.
/// </summary>
internal sealed partial class NodeConnection : IDisposable
{
    /// <summary>The default timeout of a call.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    private readonly Lock changing = new();
    private readonly Dictionary<NodeAddress, NodeChannel> channels = [];
    private readonly List<NodeChannel> retired = [];
    private readonly NodeProxy proxy = new(HttpClient.DefaultProxy);
    private readonly NodeResolver resolver;
    private readonly NodeAddress[] given;
    private readonly BearerToken token;
    private readonly NodeTrust trust;
    private readonly Func<HttpMessageHandler, HttpMessageHandler>? wrap;
    private readonly TimeProvider clock;
    private readonly long start;
    private NodeSelection selection;
    private volatile bool resolved;
    private bool isDisposed;

    public NodeConnection(Uri node, BearerToken token)
        : this([node], token, TimeProvider.System)
    {
    }

    /// <param name="nodes">The addresses that are known at first.</param>
    /// <param name="token">The token of the calls.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="trust">Which certificates are trusted; null for those that the machine trusts.</param>
    /// <param name="wrap">Wraps what sends the requests to a node; null for nothing.</param>
    /// <param name="lookup">Resolves a host name; null for the name service of the machine.</param>
    public NodeConnection(
        IEnumerable<Uri> nodes,
        BearerToken token,
        TimeProvider clock,
        NodeTrust? trust = null,
        Func<HttpMessageHandler, HttpMessageHandler>? wrap = null,
        Func<string, CancellationToken, Task<IPAddress[]>>? lookup = null)
    {
        this.wrap = wrap;
        this.token = token;
        this.trust = trust ?? NodeTrust.Machine;
        this.clock = clock;
        start = clock.GetTimestamp();
        resolver = new NodeResolver(proxy, lookup ?? Dns.GetHostAddressesAsync);
        given = [.. nodes.Select(NodeAddress.Of).Distinct()];
        selection = NodeSelection.Of(given);
    }

    /// <summary>The node that calls use now.</summary>
    public Uri Node => Current.Preferred.Url;

    /// <summary>The addresses that can be used, in the order in which they are tried.</summary>
    public IReadOnlyList<NodeAddress> Addresses => Current.All;

    /// <summary>Called with the new address when calls have moved to another node because the last one failed.</summary>
    public Action<NodeAddress>? Moved { get; set; }

    /// <summary>The last attempt of a call that made calls leave an address; null if none did.</summary>
    public FailedAttempt? LastFailure { get; private set; }

    private NodeSelection Current
    {
        get
        {
            lock (changing)
            {
                return selection;
            }
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(start);

    /// <summary>
    /// Makes a call and returns its response. If the token is rejected and its file has a new one, the call is repeated. If the node fails
    /// before it has received the call, or refuses it because it is starting or stopping, the next node gets the call.
    /// </summary>
    /// <param name="request">Creates the request for each attempt.</param>
    /// <param name="timeout">The time limit of each attempt for the response, or for its headers if it is streamed.</param>
    /// <param name="streamed">Whether the caller reads the body as it arrives.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <param name="repeatable">
    /// Whether the call has the same effect if it is carried out twice. The next node then gets it also after a lost answer.
    /// </param>
    /// <param name="wait">How long a healthy node may wait before it answers, because the call asks for that. It comes on top.</param>
    /// <exception cref="NodeUnreachable">No response arrived from any node.</exception>
    /// <exception cref="NodeRefused">The response has an error status.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> request,
        TimeSpan timeout,
        bool streamed,
        CancellationToken cancellation,
        bool repeatable = true,
        TimeSpan wait = default)
    {
        var (response, use) = await SendToAnyAsync(request, new CallTraits(timeout, wait, streamed, repeatable), cancellation);
        use.Dispose();
        return response;
    }

    /// <summary>Opens a stream. Its node's failure ends it.</summary>
    /// <exception cref="NodeUnreachable">No response arrived from any node.</exception>
    /// <exception cref="NodeRefused">The response has an error status.</exception>
    public async Task<NodeStream> OpenAsync(Func<HttpRequestMessage> request, CancellationToken cancellation)
    {
        var (response, use) = await SendToAnyAsync(request, new CallTraits(CallTimeout, IsStreamed: true), cancellation);
        return new NodeStream(response, use);
    }

    /// <summary>Asks a node for the addresses of the others. Returns whether they have changed.</summary>
    /// <exception cref="NodeUnreachable">No node answers.</exception>
    /// <exception cref="NodeRefused">The node does not tell.</exception>
    public async Task<bool> LearnAsync(CancellationToken cancellation)
    {
        resolved = false;
        var (response, use) = await SendToAnyAsync(
            () => new HttpRequestMessage(HttpMethod.Get, "/api/v1/cluster/nodes"),
            new CallTraits(CallTimeout),
            cancellation);
        using (use)
        using (response)
        {
            ClusterNode[] nodes;
            try
            {
                var text = await BodyAsync(response, use.Address, cancellation);
                nodes = JsonSerializer.Deserialize<ClusterNode[]>(text, ContractsJson.Options) ?? [];
            }
            catch (JsonException)
            {
                // A node of another version. The addresses known so far stay.
                return false;
            }

            var usable = AnnouncedNodes.Usable(nodes, use.Address, url => token.Current is not null && proxy.CanRead(url));
            var changed = Change(current => current.WithLearned(usable));
            await CheckRetiredAsync(cancellation);
            return changed;
        }
    }

    /// <summary>
    /// Goes back to the first address if calls have moved away from it and its node is ready again. Returns whether it did. Streams stay
    /// where they are, because a session that ends makes its worker suspect.
    /// </summary>
    public async Task<bool> ReturnAsync(CancellationToken cancellation)
    {
        using var use = Use(current => current.WayBack(Now));
        if (use is null)
        {
            return false;
        }

        var first = use.Address;
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        soon.CancelAfter(CallTimeout);
        if (!await use.Channel.IsAsync("ready", soon.Token))
        {
            return false;
        }

        _ = Change(current => current.Returned(first));
        return Current.Preferred == first;
    }

    /// <summary>Sends a call, and the caller ends the use of the channel that brought the response.</summary>
    private async Task<(HttpResponseMessage Response, ChannelUse Use)> SendToAnyAsync(
        Func<HttpRequestMessage> request, CallTraits call, CancellationToken cancellation)
    {
        await ResolveAsync(cancellation);
        var create = call.IsRepeatable ? request : () => SentOnce(request());
        var tried = new List<NodeAddress>();
        var attempts = new List<FailedAttempt>();
        Exception? last = null;
        var maySent = false;
        NodeAddress? live = null;
        while (Use(current => live is not null && current.All.Contains(live) ? live : current.Next(tried, Now)) is { } use)
        {
            live = null;
            var (address, asked) = (use.Address, Now);
            tried.Add(address);
            try
            {
                var response = await SendToAsync(use, create, call, tried, cancellation);
                OnAnswer(address, asked);
                return (response, use);
            }
            catch (NodeUnreachable late) when (late.IsLate)
            {
                Doubt(address);
                last = Noted(attempts, address, late);
                maySent = true;
                break;
            }
            catch (NodeUnreachable failure)
            {
                last = Noted(attempts, address, failure);
                LeaveOut(address, asked);
                if (failure.IsDead)
                {
                    Abandon(use);
                }

                maySent |= !failure.NothingSent;
                if (!call.IsRepeatable && !failure.NothingSent)
                {
                    break;
                }

                live = failure.TookLong ? await FirstLiveAsync(tried, cancellation) : null;
            }
            catch (TokenUnavailable failure) when (maySent)
            {
                // Calls that waited for the same token share the exception.
                throw new TokenUnavailable(failure.InnerException!) { EarlierMayHaveHappened = true };
            }
            catch (TokenExposed failure) when (maySent)
            {
                failure.EarlierMayHaveHappened = true;
                throw;
            }
            catch (NodeRefused refused)
            {
                last = Noted(attempts, address, refused);
                refused.EarlierMayHaveHappened = maySent;
                maySent |= IsOutcomeUnknown(refused.Problem);
                if (!OnRefusal(address, asked, refused.Problem, call.IsRepeatable))
                {
                    break;
                }
            }
        }

        resolved = false;
        throw Rethrown(OfAll(last!, attempts, maySent));
    }

    /// <summary>Throws an exception with its original stack trace.</summary>
    private static Exception Rethrown(Exception cause)
    {
        ExceptionDispatchInfo.Throw(cause);
        return cause;
    }

    /// <summary>The failure of a call to several nodes: the last one, or that none of them answered.</summary>
    private static Exception OfAll(Exception last, List<FailedAttempt> attempts, bool maySent) =>
        last is NodeUnreachable lost && attempts.Count > 1
            ? new NodeUnreachable(attempts, lost.InnerException!) { NothingSent = !maySent, IsLate = lost.IsLate }
            : last;

    private Exception Noted(List<FailedAttempt> attempts, NodeAddress address, Exception failure)
    {
        attempts.Add(new(address.Url, failure));
        if (failure is NodeRefused refused)
        {
            refused.Attempts = attempts;
        }

        // A node that refuses a call for another reason may well carry out the next one.
        if (failure is NodeUnreachable { IsLate: false }
            or NodeRefused { Problem.IsFromNode: false } or NodeRefused { Problem.Type: ProblemTypes.NotReady })
        {
            LastFailure = attempts[^1];
        }

        return failure;
    }

    // SocketsHttpHandler sends a request without content again by itself if its connection ends before the answer.
    private static HttpRequestMessage SentOnce(HttpRequestMessage request)
    {
        request.Content ??= new ByteArrayContent([]);
        return request;
    }

    private void OnAnswer(NodeAddress address, TimeSpan asked)
    {
        var before = Current.Preferred;
        _ = Change(current => current.Succeeded(address, asked));
        if (before != address && Current.Preferred == address)
        {
            Moved?.Invoke(address);
        }
    }

    // The calls that the node already has may still be answered.
    private void LeaveOut(NodeAddress address, TimeSpan asked) => Change(current => current.Failed(address, asked, Now));

    // None of its calls will be answered.
    private void Abandon(ChannelUse use)
    {
        if (Current.HasOthers(use.Address, [], Now))
        {
            use.Channel.Abandon();
        }
    }

    // The node is alive, but it did not get an answer from the owner of the state.
    private void Doubt(NodeAddress address) => Change(current => current.Doubted(address, Now));

    // A proxy may have passed the call on before it lost the node, or before it answered with a page of its own.
    private static bool IsOutcomeUnknown(NodeProblem problem) =>
        (int)problem.Status is < 400 or >= 500 && problem.Type is not (ProblemTypes.NotReady or ProblemTypes.OwnerDown);

    /// <summary>Returns whether the next node may get the call.</summary>
    private bool OnRefusal(NodeAddress address, TimeSpan asked, NodeProblem problem, bool repeatable)
    {
        switch (problem.Status)
        {
            case HttpStatusCode.ServiceUnavailable when problem.Type == ProblemTypes.NotReady:
                LeaveOut(address, asked);
                return true;
            case HttpStatusCode.ServiceUnavailable when problem.IsFromNode && problem.Type != ProblemTypes.OwnerDown:
                // The caller waits before it repeats the call, on another node.
                OnAnswer(address, asked);
                Doubt(address);
                return false;
            case var _ when !problem.IsFromNode:
                // A proxy or load balancer does not reach the node, or another server has its address.
                LeaveOut(address, asked);
                return repeatable;
            case HttpStatusCode.Unauthorized:
                // One node may still have the tokens from before a rotation.
                OnAnswer(address, asked);
                Doubt(address);
                return false;
            default:
                OnAnswer(address, asked);
                return false;
        }
    }

    private async Task ResolveAsync(CancellationToken cancellation)
    {
        if (!resolved)
        {
            var found = await resolver.ResolveAsync(given, cancellation);
            _ = Change(current => current.WithGiven(found));
            resolved = true;
        }
    }
}

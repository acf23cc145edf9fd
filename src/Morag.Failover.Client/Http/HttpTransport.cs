using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Http;

/// <summary>
/// Makes the calls of the HTTP API. It learns the other nodes from any of them, stays on one, and moves to the next within about a second
/// when it fails.
/// </summary>
/// <remarks>
/// It has connections of its own instead of those of <c>IHttpClientFactory</c>: it connects to a chosen IP address of a name, gives up
/// the repeatable calls to a node that another call found dead, and never sends the token over a connection that it did not choose.
/// </remarks>
public sealed partial class HttpTransport : IMoragTransport, ILeaseTransport
{
    // The node sends a keep-alive every few seconds.
    private static readonly TimeSpan SessionSilence = TimeSpan.FromSeconds(20);

    // The longest keep-alive interval that a node can be set to is a minute.
    private static readonly TimeSpan EventSilence = TimeSpan.FromSeconds(65);

    private readonly NodeConnection node;
    private readonly DiscoveryLoop discovery;
    private readonly CancellationTokenSource closing = new();
    private readonly Lazy<Task> discovering;
    private readonly ILogger log;

    /// <summary>Creates a transport. Nothing is sent before the first call.</summary>
    /// <param name="options">The nodes, the token and the trusted authority.</param>
    /// <param name="log">Where moves between nodes are logged; null for nowhere.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">An option breaks a rule. The message names it.</exception>
    public HttpTransport(MoragFailoverOptions options, ILogger<HttpTransport>? log = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.BrokenRules() is [var rule, ..])
        {
            throw new ArgumentException(rule, nameof(options));
        }

        this.log = log ?? NullLogger<HttpTransport>.Instance;
        var time = clock ?? TimeProvider.System;
        node = new NodeConnection(options.Nodes, options.ToBearerToken(), time, options.ToTrust());
        discovery = new DiscoveryLoop(node, LogNodes, time);
        discovering = new Lazy<Task>(Discover);
    }

    /// <inheritdoc />
    public string Name => "http";

    /// <inheritdoc />
    public bool HasSessions => true;

    /// <summary>The node that calls use now.</summary>
    public Uri Node => node.Node;

    /// <summary>The nodes that the transport knows, in the order in which it tries them.</summary>
    public IReadOnlyList<Uri> Nodes => [.. node.Addresses.Select(address => address.Url).Distinct()];

    /// <inheritdoc />
    public async Task<IWireMessage> AskAsync(IWireMessage message, TimeSpan timeout, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(message);
        BeginCall();
        if (HttpCalls.OneByOne(message) is { } parts)
        {
            return await HttpCalls.JoinAsync(parts.Select(part => AskAsync(part, timeout, cancellation)));
        }

        var call = HttpCalls.Of(message);
        return await RunAsync(() => SendAsync(call, Read, timeout, Repetition.IsSafe(message), cancellation));

        IWireMessage Read(HttpResponseMessage response, JsonElement answer) => call.ReadPage is { } readPage
            ? readPage(answer, PageLinks.Next(response) is not null)
            : call.Read(answer);
    }

    /// <inheritdoc />
    Task<ReceivedLeases> ILeaseTransport.LeaseAsync(RequestLeases request, TimeSpan timeout, CancellationToken cancellation)
    {
        BeginCall();
        return RunAsync(() => SendAsync(
            HttpCalls.Of(request),
            static (_, answer) => LeaseAnswers.Read(answer),
            timeout,
            Repetition.IsSafe(request),
            cancellation));
    }

    /// <inheritdoc />
    public IAsyncEnumerable<ISessionSignal> OpenSessionAsync(OpenSession session, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(session);
        return ReadSessionAsync(session, cancellation);
    }

    /// <inheritdoc />
    public IAsyncEnumerable<LiveEvent> OpenEventsAsync(CancellationToken cancellation)
    {
        BeginCall();
        return ReadEventsAsync(cancellation);
    }

    /// <summary>Ends all calls and closes the connections.</summary>
    public void Dispose()
    {
        if (!closing.IsCancellationRequested)
        {
            closing.Cancel();
            node.Dispose();
            if (discovering.IsValueCreated)
            {
                // It ends soon after its cancellation. Nobody has to wait for it.
                _ = discovering.Value.ContinueWith(
                    ended =>
                    {
                        _ = ended.Exception;
                        discovery.Dispose();
                    },
                    CancellationToken.None,
                    TaskContinuationOptions.None,
                    TaskScheduler.Default);
            }
            else
            {
                discovery.Dispose();
            }
        }
    }

    /// <summary>Ends all calls, closes the connections, and waits until nothing runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (discovering.IsValueCreated)
        {
            await discovering.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void BeginCall()
    {
        ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);
        _ = discovering.Value;
    }

    /// <summary>
    /// Starts the discovery. It outlives the call that starts it, so it must not run in that call's context, such as its trace.
    /// </summary>
    private Task Discover()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Task.Run(() => discovery.RunAsync(closing.Token));
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(() => discovery.RunAsync(closing.Token));
        }
    }

    // A stream ends like any other when its node fails, as another call found out.
    private static async Task<bool> MoveAsync(IAsyncEnumerator<ServerEvent> events, CancellationToken cancellation)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async IAsyncEnumerable<ISessionSignal> ReadSessionAsync(
        OpenSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var path = $"{HttpCalls.WorkerPath(session.WorkerId)}/session?instance_id={Uri.EscapeDataString(session.InstanceId?.Value ?? "")}";
        using var opened = await OpenAsync(path, cancellation);
        await foreach (var received in ReadAsync(opened, SessionSilence, SessionProtocol.MaxEventBytes, cancellation))
        {
            if (SessionSignals.Read(received) is { } signal)
            {
                yield return signal;
            }
        }
    }

    private async IAsyncEnumerable<LiveEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var opened = await OpenAsync("/api/v1/events", cancellation);
        yield return new LiveGap { IsStart = true, Reason = "the stream of events begins" };
        await foreach (var received in ReadAsync(opened, EventSilence, MessageLimits.MaxBytes, cancellation))
        {
            yield return LiveEventJson.Read(received);
        }
    }

    private Task<NodeStream> OpenAsync(string path, CancellationToken cancellation) =>
        RunAsync(() => node.OpenAsync(() => new HttpRequestMessage(HttpMethod.Get, path), cancellation));

    private static async IAsyncEnumerable<ServerEvent> ReadAsync(
        NodeStream opened, TimeSpan silence, int maxBytes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation, opened.Abandoned);
        await using var stream = await RunAsync(() => opened.ReadAsync(over.Token));
        await using var events = ServerEvents.ReadAsync(stream, silence, maxBytes, over.Token).GetAsyncEnumerator(over.Token);
        while (await RunAsync(() => MoveAsync(events, cancellation)))
        {
            yield return events.Current;
        }
    }

    private async Task<T> SendAsync<T>(
        HttpCall call,
        Func<HttpResponseMessage, JsonElement, T> read,
        TimeSpan timeout,
        bool repeatable,
        CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            () => new HttpRequestMessage(call.Method, call.Path)
            {
                Content = call.Body is null ? null : JsonContent.Create(call.Body, call.Body.GetType(), null, ContractsJson.Options),
            },
            timeout,
            streamed: false,
            cancellation,
            repeatable,
            call.Wait);
        if (response.Headers.TryGetValues(ResponseHeaders.Incomplete, out var missing))
        {
            // Entries that are silently missing would look as if they did not exist. A bulk call has changed what it reached.
            throw new MoragUnavailableException($"the answer is incomplete, because {string.Join(", ", missing)} did not answer")
            {
                OutcomeUnknown = !repeatable,
            };
        }

        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            using var answer = await JsonDocument.ParseAsync(stream, AnswerJson.Document, cancellation);
            return read(response, answer.RootElement);
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            throw new UnreadableAnswer($"{call.Method} {call.Path}", failure);
        }
    }

    private static async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await CallFailures.TranslateAsync(call);
        }
        catch (TokenExposed failure)
        {
            throw new MoragAccessDeniedException(failure.Message, failure) { OutcomeUnknown = failure.EarlierMayHaveHappened };
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Change}")]
    private partial void LogNodes(string change);
}

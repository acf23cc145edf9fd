using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Morag.Failover.Actors.Alerts;
using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Node.Alerts;

/// <summary>
/// Sends changes of alerts over HTTP. It follows no redirect, checks the certificate of a receiver, and reads nothing of an answer but its
/// status and headers, so a receiver can neither lead it elsewhere nor fill the memory.
/// </summary>
internal sealed class HttpWebhooks : IWebhooks, IDisposable
{
    /// <summary>The header with the signature.</summary>
    public const string SignatureHeader = "Morag-Signature";

    /// <summary>The header with the id of the change.</summary>
    public const string DeliveryHeader = "Morag-Delivery";

    private const int MaxHeaderKilobytes = 16;

    // What is wrong with the token or the address can be mended while a change waits; what is wrong with its body cannot.
    private static readonly HttpStatusCode[] Rejections =
    [
        HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType,
        HttpStatusCode.UnprocessableEntity,
    ];

    private readonly Dictionary<string, Way> ways;
    private readonly TimeSpan timeout;
    private readonly TimeProvider clock;

    /// <param name="receivers">The receivers.</param>
    /// <param name="timeout">How long an attempt may take.</param>
    /// <param name="clock">The clock of the signatures. It must be that of the machine, because receivers compare it with theirs.</param>
    public HttpWebhooks(IEnumerable<WebhookOptions> receivers, TimeSpan timeout, TimeProvider clock)
    {
        ways = receivers.ToDictionary(receiver => receiver.Name, receiver => new Way(receiver), StringComparer.Ordinal);
        this.timeout = timeout;
        this.clock = clock;
        Receivers = [.. ways.Values.Select(way => way.To.Receiver)];
    }

    /// <inheritdoc />
    public IReadOnlyList<WebhookReceiver> Receivers { get; }

    /// <inheritdoc />
    public async Task<WebhookOutcome> SendAsync(string receiver, AlertNotice? notice)
    {
        var way = ways[receiver];
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            using var request = RequestOf(way.To, notice);
            using var answer = await (notice is null ? way.Tests : way.Changes).SendAsync(request, limit.Token);
            return OutcomeOf(answer);
        }
        catch (OperationCanceledException)
        {
            return new WebhookOutcome(
                false, string.Create(CultureInfo.InvariantCulture, $"it did not answer within {timeout.TotalSeconds:0.###} s"));
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError == HttpRequestError.ProxyTunnelError)
        {
            // The message can contain the address of the proxy with its password.
            return new WebhookOutcome(false, "the proxy refused the connection");
        }
        catch (HttpRequestException failure)
        {
            // The message can name the host, and never the path.
            return new WebhookOutcome(false, failure.InnerException is { } cause ? $"{failure.Message} {cause.Message}" : failure.Message);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var way in ways.Values)
        {
            way.Dispose();
        }
    }

    private static HttpMessageInvoker Connections(int most) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxResponseHeadersLength = MaxHeaderKilobytes,
        MaxConnectionsPerServer = most,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseDrainSize = 0,

        // Spans would contain the URL, and that of Slack is a secret.
        ActivityHeadersPropagator = null,
    });

    private HttpRequestMessage RequestOf(WebhookOptions receiver, AlertNotice? notice)
    {
        // A receiver ignores an id that it has seen, also that of an earlier test.
        var id = notice?.Id ?? $"test-{Guid.NewGuid():N}";
        var body = WebhookBody.Of(receiver.Receiver.Format, notice, id);
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        var request = new HttpRequestMessage(HttpMethod.Post, receiver.Url) { Content = content };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Morag-Failover", null));
        request.Headers.Add(DeliveryHeader, id);
        if (receiver.Secret is { } secret)
        {
            request.Headers.Add(SignatureHeader, WebhookBody.Signature(secret, clock.GetUtcNow(), body));
        }

        return request;
    }

    private WebhookOutcome OutcomeOf(HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        if (status is >= 200 and < 300)
        {
            return new WebhookOutcome(true, string.Create(CultureInfo.InvariantCulture, $"it answered {status}"));
        }

        var wait = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - clock.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        var redirect = status is >= 300 and < 400 ? ", and redirects are not followed" : "";
        return new WebhookOutcome(
            false,
            string.Create(CultureInfo.InvariantCulture, $"it answered {status}{redirect}"),
            wait,
            IsFinal: Rejections.Contains(answer.StatusCode));
    }

    /// <summary>The connections to one receiver. It has its own, so that one that hangs takes none from another on the same host.</summary>
    private sealed class Way(WebhookOptions to) : IDisposable
    {
        private const int MostTests = 2;

        public WebhookOptions To { get; } = to;

        public HttpMessageInvoker Changes { get; } = Connections(1);

        /// <summary>Apart from the changes, which must not wait for tests.</summary>
        public HttpMessageInvoker Tests { get; } = Connections(MostTests);

        public void Dispose()
        {
            Changes.Dispose();
            Tests.Dispose();
        }
    }
}

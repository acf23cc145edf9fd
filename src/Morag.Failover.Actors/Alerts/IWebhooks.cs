using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Actors.Alerts;

/// <summary>The configured receivers of alerts, and the way to them.</summary>
public interface IWebhooks
{
    /// <summary>No receivers.</summary>
    static IWebhooks None { get; } = new NoWebhooks();

    /// <summary>The receivers, by name.</summary>
    IReadOnlyList<WebhookReceiver> Receivers { get; }

    /// <summary>
    /// Sends a change once, and says what became of it. It never throws for a receiver that fails, and ends within the timeout of a
    /// webhook.
    /// </summary>
    /// <param name="receiver">The name of the receiver.</param>
    /// <param name="notice">The change; null for a test.</param>
    Task<WebhookOutcome> SendAsync(string receiver, AlertNotice? notice);

    private sealed class NoWebhooks : IWebhooks
    {
        public IReadOnlyList<WebhookReceiver> Receivers => [];

        public Task<WebhookOutcome> SendAsync(string receiver, AlertNotice? notice) =>
            throw new ArgumentException("There are no receivers.", nameof(receiver));
    }
}

/// <summary>A receiver of alerts, without its secrets.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Host">Its host and port.</param>
/// <param name="Format">The form of the bodies.</param>
/// <param name="MinSeverity">Only alerts of this severity or worse are sent.</param>
public sealed record WebhookReceiver(string Name, string Host, WebhookFormat Format, AlertSeverity MinSeverity);

/// <summary>What became of an attempt to send a change.</summary>
/// <param name="Delivered">Whether the receiver accepted it.</param>
/// <param name="Detail">What it answered, or why it did not. Without secrets.</param>
/// <param name="RetryAfter">How long the receiver asks to wait; null if it does not.</param>
/// <param name="IsFinal">Whether the receiver says that it rejects this very change, whenever it is sent.</param>
public sealed record WebhookOutcome(bool Delivered, string Detail, TimeSpan? RetryAfter = null, bool IsFinal = false);

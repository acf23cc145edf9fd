using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>One attempt at a task.</summary>
public sealed class TaskRun
{
    private readonly LeasedTask lease;
    private readonly Action<ProgressUpdate> report;
    private readonly Func<TimeSpan, CancellationToken, Task> extend;

    /// <summary>Creates a run without a worker, to test a handler.</summary>
    public TaskRun(LeasedTask lease)
        : this(lease, static _ => { }, static (_, _) => Task.CompletedTask)
    {
    }

    internal TaskRun(LeasedTask lease, Action<ProgressUpdate> report, Func<TimeSpan, CancellationToken, Task> extend)
    {
        ArgumentNullException.ThrowIfNull(lease);
        this.lease = lease;
        this.report = report;
        this.extend = extend;
    }

    /// <summary>The id of the task.</summary>
    public TaskId TaskId => lease.TaskId;

    /// <summary>The epoch of the lease. It grows with each attempt; pass it to other systems that must reject an old attempt.</summary>
    public LeaseEpoch Epoch => lease.Epoch;

    /// <summary>The queue that the task came from.</summary>
    public QueueName Queue => lease.Queue;

    /// <summary>The payload.</summary>
    public JsonText Payload => lease.Payload;

    /// <summary>The quality settings. Failures may have reduced them.</summary>
    public JsonText Quality => lease.Quality;

    /// <summary>The number of the attempt, from 1.</summary>
    public int Attempt => lease.Attempt;

    /// <summary>The content type of the submission; null if it has none.</summary>
    public string? ContentType => lease.ContentType;

    /// <summary>
    /// The last checkpoint that an earlier attempt saved; null if there is none. It is from outside the handler: an older version of it may
    /// have saved it, or an attempt with other quality settings.
    /// </summary>
    public JsonText? Checkpoint => lease.Checkpoint;

    /// <summary>The last reported progress, 0 to 1; null before the first report.</summary>
    public double? Progress { get; private set; }

    /// <summary>Reads the payload, with snake_case names.</summary>
    /// <exception cref="TaskFailedException">The payload has another form. The failure is a <c>processing_error</c>.</exception>
    public T ReadPayload<T>() => Read<T>(Payload, "payload");

    /// <summary>Reads the quality settings, with snake_case names.</summary>
    /// <exception cref="TaskFailedException">They have another form. The failure is a <c>processing_error</c>.</exception>
    public T ReadQuality<T>() => Read<T>(Quality, "quality");

    /// <summary>Reads the checkpoint of an earlier attempt, with snake_case names; the default value if there is none.</summary>
    /// <exception cref="TaskFailedException">It has another form. The failure is a <c>processing_error</c>.</exception>
    public T? ReadCheckpoint<T>() => lease.Checkpoint is { IsNull: false } checkpoint ? Read<T>(checkpoint, "checkpoint") : default;

    /// <summary>
    /// Reports the progress, which is shown with the task. It never waits: the worker sends the newest report about once a second, and
    /// again with the next heartbeat.
    /// </summary>
    /// <param name="fraction">The part of the work that is done, 0 to 1.</param>
    /// <param name="message">What the handler is doing; its first 1,000 bytes count. Null leaves the last message.</param>
    public void ReportProgress(double fraction, string? message = null)
    {
        if (!(fraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "Progress must be 0 to 1.");
        }

        Progress = fraction;
        report(new ProgressUpdate(
            Math.Round(fraction * 100, 2), message is null ? null : TextBytes.First(message, TaskLimits.MaxProgressMessageBytes)));
    }

    /// <summary>
    /// Saves where the next attempt can continue, should this one fail. It never waits: the worker sends the newest checkpoint about once a
    /// second, and before it reports a failure or gives the task back. What a crash of the worker or of a node finds unsent or unstored,
    /// the next attempt does not get.
    /// </summary>
    /// <param name="checkpoint">Any JSON but null, of at most 16 KiB. It cannot be removed; save <c>{}</c> to start over.</param>
    /// <exception cref="ArgumentException">It is null, larger, is not JSON, or is nested too deep.</exception>
    public void SaveCheckpoint(JsonText checkpoint)
    {
        if (checkpoint.IsNull)
        {
            throw new ArgumentException("Null would keep the last checkpoint. Save {} to start over.", nameof(checkpoint));
        }

        if (checkpoint.BrokenRule(TaskLimits.MaxCheckpointBytes) is { } rule)
        {
            throw new ArgumentException($"The checkpoint {rule}.", nameof(checkpoint));
        }

        report(new ProgressUpdate(Checkpoint: checkpoint));
    }

    /// <summary>Saves a value as checkpoint, with snake_case names. <see cref="ReadCheckpoint"/> reads it again.</summary>
    /// <exception cref="ArgumentException">It is null, takes more than 16 KiB, or is nested too deep.</exception>
    public void SaveCheckpoint<T>(T checkpoint) => SaveCheckpoint(JsonText.Of(checkpoint));

    /// <summary>
    /// Moves the deadline of the lease. It is not repeated when the outcome is unknown, because each call moves it again.
    /// </summary>
    /// <param name="by">How far, 1 s to 24 h.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="MoragLeaseEndedException">The lease has ended.</exception>
    /// <exception cref="MoragException">The call failed for another reason.</exception>
    public Task ExtendAsync(TimeSpan by, CancellationToken cancellation = default) => extend(by, cancellation);

    private static T Read<T>(JsonText text, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text.Utf8.Span, AnswerJson.Options) ?? throw new JsonException("it is null");
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            throw new TaskFailedException(
                FailureType.ProcessingError, $"the {name} cannot be read as {typeof(T).Name}: {failure.Message}", failure);
        }
    }
}

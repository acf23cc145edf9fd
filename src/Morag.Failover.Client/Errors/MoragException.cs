using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client;

/// <summary>A call failed. Each derived type says what the caller can do about it.</summary>
public abstract class MoragException : Exception
{
    private bool outcomeUnknown;

    private protected MoragException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }

    /// <summary>
    /// The <c>type</c> of the problem details, such as <c>urn:morag-failover:problem:conflict</c> (<see cref="ProblemTypes"/>); null if no
    /// node gave a reason.
    /// </summary>
    public string? ProblemType { get; init; }

    /// <summary>The JSON path of the invalid field, such as <c>[3].queue</c>; null if the problem is not about one field.</summary>
    public string? Field { get; init; }

    /// <summary>All fields that the problem is about, if it can be about several; else empty.</summary>
    public ImmutableArray<string> Fields { get; init; } = [];

    /// <summary>How long the node asks to wait before the call is repeated; null if it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same call may succeed later.</summary>
    public virtual bool IsTransient => false;

    /// <summary>
    /// Whether the call may have been carried out although it failed: by the attempt that failed last, or by an earlier one whose answer
    /// was lost. If the call carries an id, repeating it is safe and gets the answer.
    /// </summary>
    public bool OutcomeUnknown { get => outcomeUnknown; init => outcomeUnknown = value; }

    /// <summary>Whether the call succeeded, but with an answer that cannot be read.</summary>
    internal bool IsUnreadable { get; init; }

    /// <summary>The exception for a refusal of the cluster.</summary>
    public static MoragException Of(Refused refused) => Problems.Of(refused);

    /// <summary>The exception for a report about a lease that has ended.</summary>
    public static MoragException Of(FailureStale stale)
    {
        ArgumentNullException.ThrowIfNull(stale);
        return new MoragLeaseEndedException(stale.Detail) { ProblemType = ProblemTypes.Stale };
    }

    /// <summary>An earlier attempt of the same call may have been carried out.</summary>
    internal void OnEarlierAttemptLost() => outcomeUnknown = true;
}

/// <summary>The call breaks a rule, named by <see cref="MoragException.Field"/>. The same call fails again.</summary>
public sealed class MoragInvalidException : MoragException
{
    internal MoragInvalidException(string message)
        : base(message)
    {
    }
}

/// <summary>The task, worker or failure does not exist.</summary>
public sealed class MoragNotFoundException : MoragException
{
    internal MoragNotFoundException(string message)
        : base(message)
    {
    }
}

/// <summary>
/// The call contradicts the current state, such as different content under a known <c>task_id</c>; <see cref="MoragException.Fields"/>
/// names the fields that differ.
/// </summary>
public sealed class MoragConflictException : MoragException
{
    internal MoragConflictException(string message)
        : base(message)
    {
    }
}

/// <summary>
/// The lease has ended: the task was given to another worker, finished or was cancelled. This attempt changed nothing; see
/// <see cref="MoragException.OutcomeUnknown"/>.
/// </summary>
public sealed class MoragLeaseEndedException : MoragException
{
    internal MoragLeaseEndedException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }

    /// <summary>The exception for a call that failed because its lease has ended.</summary>
    internal static MoragLeaseEndedException Of(MoragException cause) =>
        new(cause.Message, cause) { ProblemType = cause.ProblemType, OutcomeUnknown = cause.OutcomeUnknown };
}

/// <summary>The token is missing, wrong, expired, or does not allow the call.</summary>
public sealed class MoragAccessDeniedException : MoragException
{
    internal MoragAccessDeniedException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>
/// A limit is reached, such as the size of a queue. The call may succeed later. This attempt changed nothing; see
/// <see cref="MoragException.OutcomeUnknown"/>.
/// </summary>
public sealed class MoragLimitReachedException : MoragException
{
    internal MoragLimitReachedException(string message)
        : base(message)
    {
    }

    /// <inheritdoc />
    public override bool IsTransient => true;
}

/// <summary>
/// Of the calls of a large submission, one failed after others had succeeded. <see cref="Exception.InnerException"/> says why. The tasks
/// from the position <c>Results.Length</c> on are not submitted, except that those of the failed call may be if
/// <see cref="MoragException.OutcomeUnknown"/> is true. Submitting all of them again under their ids is safe.
/// </summary>
public sealed class MoragPartlySubmittedException : MoragException
{
    internal MoragPartlySubmittedException(ImmutableArray<SubmissionResult> results, MoragException cause)
        : base($"{results.Length} tasks were submitted, and then a call failed: {cause.Message}", cause)
    {
        Results = results;
        IsTransient = cause.IsTransient;
        ProblemType = cause.ProblemType;
        Field = cause.Field;
        Fields = cause.Fields;
        RetryAfter = cause.RetryAfter;
        OutcomeUnknown = cause.OutcomeUnknown;
    }

    /// <summary>The results of the calls that succeeded, in the order of the tasks.</summary>
    public ImmutableArray<SubmissionResult> Results { get; }

    /// <inheritdoc />
    public override bool IsTransient { get; }
}

/// <summary>
/// No node answered the call in time, or the owner of the state is down. <see cref="MoragException.OutcomeUnknown"/> says whether one may
/// have carried it out.
/// </summary>
public sealed class MoragUnavailableException : MoragException
{
    /// <summary>Creates the exception, for a transport.</summary>
    /// <param name="message">What did not answer, and why.</param>
    /// <param name="cause">The failure of the network; null if there is none.</param>
    public MoragUnavailableException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }

    /// <summary>The owner of the state that is down, such as <c>queue-0</c>; null for any other reason.</summary>
    public string? Owner { get; init; }

    /// <inheritdoc />
    public override bool IsTransient => true;
}

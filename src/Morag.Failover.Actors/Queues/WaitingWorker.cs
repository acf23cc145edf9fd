using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Actors.Queues;

/// <summary>What waiting workers that can run the same kinds of tasks have in common.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="HasGpu">Whether they have a GPU.</param>
/// <param name="Line">Which workers: all, those that run any content type, or those that run one.</param>
/// <param name="ContentType">The content type of <see cref="WaitingLine.OneType"/>.</param>
internal readonly record struct WaitingKind(QueueName Queue, bool HasGpu, WaitingLine Line, string? ContentType = null);

/// <summary>Which workers are in a line.</summary>
internal enum WaitingLine
{
    /// <summary>All workers: for tasks without a content type.</summary>
    All,

    /// <summary>Workers that list no content types and run any.</summary>
    AnyType,

    /// <summary>Workers that list the content type.</summary>
    OneType,
}

/// <summary>
/// The rank of a waiting worker: by how often it did not come when woken; then by the free share of its slots, largest first or, if the
/// queue packs, smallest first; then by score; then by arrival. It "needs" tasks that require no more than it has, so its amounts are
/// negative.
/// </summary>
internal readonly struct WaitingWorker(Interest interest, double turn) : INeedItem<WaitingWorker>
{
    public Interest Interest => interest;

    public double Turn => turn;

    /// <inheritdoc />
    public double Need => -interest.Request.Profile.DiskGb;

    /// <inheritdoc />
    public string? Excluded => interest.Request.WorkerId.Value;

    /// <inheritdoc />
    public static int Compare(in WaitingWorker left, in WaitingWorker right) =>
        left.Interest.WokenInVain != right.Interest.WokenInVain ? left.Interest.WokenInVain.CompareTo(right.Interest.WokenInVain)
        : left.Turn != right.Turn ? left.Turn.CompareTo(right.Turn)
        : left.Interest.Score != right.Interest.Score ? right.Interest.Score.CompareTo(left.Interest.Score)
        : left.Interest.Arrival.CompareTo(right.Interest.Arrival);
}

using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <content>What operators change about queues while workers wait.</content>
internal sealed partial class WaitingDemand
{
    private ControlledQueues controls = ControlledQueues.None;

    /// <summary>
    /// Uses other limits from now on, and ranks the waiting workers by them. Those that were woken or rest keep their place until they ask
    /// again.
    /// </summary>
    public void Use(QueueSettings limits, QueueState state)
    {
        settings = limits;
        controls = state.Controls;
        foreach (var interest in byWorker.Values.Where(interest => interest is { WokenAt: null, RestsUntil: null }).ToList())
        {
            var worker = interest.Request.WorkerId;
            var share = state.ShareOf(worker);
            var again = new Interest(interest.Request, share, interest.Until, interest.Number, interest.Arrival, controls)
            {
                WokenInVain = interest.WokenInVain,
            };
            again.Ending = endings.AddAfter(interest.Ending!, again);
            Remove(worker);
            Add(again, share);
        }
    }
}

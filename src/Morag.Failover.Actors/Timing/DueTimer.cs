namespace Morag.Failover.Actors.Timing;

/// <summary>
/// The only timer of an entity, armed for the earliest deadline in its state, so that recovery needs only the state. It sends
/// <see cref="Due"/> to the entity, which handles the passed deadlines and arms the timer again.
/// </summary>
public sealed class DueTimer
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    private readonly ITimerScheduler timers;
    private readonly Func<DateTimeOffset> now;
    private DateTimeOffset? armedFor;

    /// <summary>Creates a timer that uses an actor's timers and clock.</summary>
    public DueTimer(ITimerScheduler timers, Func<DateTimeOffset> now)
    {
        this.timers = timers;
        this.now = now;
    }

    /// <summary>
    /// Arms the timer for a deadline; null has no effect. If the timer is armed for an earlier time, it stays: it fires, nothing is due,
    /// and it is armed again, which is cheaper than moving it with each command.
    /// </summary>
    public void ArmAt(DateTimeOffset? due)
    {
        if (due is not { } time || armedFor <= time)
        {
            return;
        }

        var delay = time - now();
        armedFor = time;
        timers.StartSingleTimer(
            nameof(DueTimer),
            Due.Instance,
            delay <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : delay < LongestDelay ? delay : LongestDelay);
    }

    /// <summary>Must be called when <see cref="Due"/> arrives, before the timer is armed again.</summary>
    public void Fired() => armedFor = null;

    /// <summary>Tells the entity that something may be due.</summary>
    public sealed class Due : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout
    {
        /// <summary>The one instance.</summary>
        public static readonly Due Instance = new();

        private Due()
        {
        }
    }
}

namespace Morag.Failover.Actors.Timing;

/// <summary>
/// The one timer of an entity: armed from the earliest due time in its state, so that nothing comes due unseen and recovery needs
/// nothing but the state. It delivers <see cref="Due"/>; whoever gets that looks what is due, and arms it again.
/// </summary>
public sealed class DueTimer
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    private readonly ITimerScheduler timers;
    private readonly Func<DateTimeOffset> now;
    private DateTimeOffset? armedFor;

    /// <summary>A timer on an actor's timers and clock.</summary>
    public DueTimer(ITimerScheduler timers, Func<DateTimeOffset> now)
    {
        this.timers = timers;
        this.now = now;
    }

    /// <summary>
    /// Arms the timer for a due time; null disarms it in effect. A later time than the armed one is left to the armed one:
    /// it fires, nothing is due, and it is armed again, which is cheaper than moving it with each command.
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

    /// <summary>Has to be called when <see cref="Due"/> arrives, before arming again.</summary>
    public void Fired() => armedFor = null;

    /// <summary>Something may be due.</summary>
    public sealed class Due : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout
    {
        /// <summary>The one instance.</summary>
        public static readonly Due Instance = new();

        private Due()
        {
        }
    }
}

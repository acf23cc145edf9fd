namespace Morag.Failover.Domain.Settings;

/// <summary>How long the records of what operators did are kept.</summary>
public sealed record AuditSettings
{
    /// <summary>How long entries are kept, 1 h to 10 years.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(90);

    /// <summary>The most bytes that the entries of one coordinator may take, by estimate; 64 KiB or more. The oldest go first.</summary>
    public long MaxBytes { get; init; } = 4L * 1024 * 1024;
}

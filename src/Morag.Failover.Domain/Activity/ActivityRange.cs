namespace Morag.Failover.Domain.Activity;

/// <summary>A time range of the activity charts, with the width of its steps.</summary>
public sealed record ActivityRange
{
    private ActivityRange(string name, TimeSpan step, int steps) => (Name, Step, Steps) = (name, step, steps);

    /// <summary>The last hour, by the minute.</summary>
    public static ActivityRange Hour { get; } = new("hour", TimeSpan.FromMinutes(1), 60);

    /// <summary>The last day, by the quarter of an hour.</summary>
    public static ActivityRange Day { get; } = new("day", TimeSpan.FromMinutes(15), 96);

    /// <summary>The last week, by the hour.</summary>
    public static ActivityRange Week { get; } = new("week", TimeSpan.FromHours(1), 168);

    /// <summary>All ranges, shortest first.</summary>
    public static ImmutableArray<ActivityRange> All { get; } = [Hour, Day, Week];

    /// <summary>Its name in addresses.</summary>
    public string Name { get; }

    /// <summary>The width of a step.</summary>
    public TimeSpan Step { get; }

    /// <summary>The number of steps.</summary>
    public int Steps { get; }

    /// <summary>The range with this name; the last hour if there is none.</summary>
    public static ActivityRange Named(string? name) => All.FirstOrDefault(range => range.Name == name) ?? Hour;

    /// <summary>The start of the step that a time is in.</summary>
    public DateTimeOffset StepOf(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % Step.Ticks), TimeSpan.Zero);

    /// <summary>The start of the first step that the range shows.</summary>
    public DateTimeOffset Start(DateTimeOffset now) => StepOf(now) - (Step * (Steps - 1));
}

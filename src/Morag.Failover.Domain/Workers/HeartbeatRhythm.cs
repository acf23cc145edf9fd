using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Learns the heartbeat intervals of one worker and computes how unlikely a silence is: the phi-accrual failure detector of Hayashibara et
/// al. (2004), phi = -log10(P(a heartbeat arrives later than now)), with a normal distribution whose tail uses the logistic approximation
/// of Akka and Cassandra. Not stored: a restart learns again.
/// </summary>
public sealed class HeartbeatRhythm
{
    private const int EnoughSamples = 5;

    private readonly float[] intervals;
    private readonly double announced;
    private readonly double announcedDeviation;
    private int count;
    private int next;

    /// <summary>Creates a rhythm that knows only the declared interval.</summary>
    public HeartbeatRhythm(double announcedIntervalSeconds, int samples)
    {
        announced = announcedIntervalSeconds;
        announcedDeviation = announced / 4;
        intervals = new float[samples];
    }

    private HeartbeatRhythm(double mean, double deviation)
    {
        announced = mean;
        announcedDeviation = deviation;
        intervals = [];
    }

    /// <summary>Whether there are enough samples to say more than the declared interval.</summary>
    public bool IsLearned => count >= EnoughSamples;

    /// <summary>The mean heartbeat interval; the declared one until there are enough samples.</summary>
    public TimeSpan Mean => TimeSpan.FromSeconds(Distribution().Mean);

    /// <summary>The standard deviation of the intervals; a quarter of the declared interval until there are enough samples.</summary>
    public TimeSpan Deviation => TimeSpan.FromSeconds(Distribution().Deviation);

    /// <summary>A rhythm that another node has learned. It learns nothing itself.</summary>
    public static HeartbeatRhythm Measured(double meanSeconds, double deviationSeconds) => new(meanSeconds, deviationSeconds);

    /// <summary>
    /// Adds the interval between two consecutive heartbeats. In <see cref="Mean"/> and <see cref="Deviation"/>, one that is shorter than
    /// the declared interval counts as the declared one: heartbeats that were repeated, or that waited somewhere, arrive together, and must
    /// not make the next one look late.
    /// </summary>
    public void Learn(TimeSpan interval)
    {
        if (intervals.Length == 0)
        {
            return;
        }

        intervals[next] = (float)interval.TotalSeconds;
        next = (next + 1) % intervals.Length;
        count = Math.Min(count + 1, intervals.Length);
    }

    /// <summary>The last intervals in milliseconds as they were, oldest first.</summary>
    /// <param name="most">The most to return.</param>
    public ImmutableArray<int> Recent(int most)
    {
        var returned = Math.Min(count, most);
        return
        [
            .. Enumerable.Range(0, returned).Select(place =>
                (int)Math.Min(int.MaxValue, 1000.0 * intervals[(next - returned + place + intervals.Length) % intervals.Length])),
        ];
    }

    /// <summary>
    /// Phi of a silence: 1 means a chance of 1 in 10 that the next heartbeat is still to come, 2 means 1 in 100, and so on.
    /// </summary>
    public double Phi(TimeSpan silence, WorkerSettings settings)
    {
        var (mean, deviation) = Distribution();
        var late = silence.TotalSeconds - mean - settings.AcceptableHeartbeatPause.TotalSeconds;
        var y = late / Math.Max(deviation, settings.MinHeartbeatDeviation.TotalSeconds);
        return PhiOf(y);
    }

    /// <summary>The silence at which phi reaches a value.</summary>
    public TimeSpan SilenceFor(double phi, WorkerSettings settings)
    {
        var (mean, deviation) = Distribution();
        var seconds = mean
            + settings.AcceptableHeartbeatPause.TotalSeconds
            + (Math.Max(deviation, settings.MinHeartbeatDeviation.TotalSeconds) * DeviationsFor(phi));
        return TimeSpan.FromSeconds(seconds);
    }

    private static double PhiOf(double y)
    {
        var e = Math.Exp(-y * (1.5976 + (0.070566 * y * y)));
        return y > 0 ? -Math.Log10(e / (1 + e)) : -Math.Log10(1 - (1 / (1 + e)));
    }

    /// <summary>
    /// The y with <see cref="PhiOf"/>(y) = phi: y (1.5976 + 0.070566 y²) = ln(10^phi - 1), which rises with y, by Newton's method.
    /// </summary>
    private static double DeviationsFor(double phi)
    {
        var target = Math.Log(Math.Max(Math.Pow(10, phi) - 1, double.Epsilon));
        var y = 0.0;
        for (var step = 0; step < 50; step++)
        {
            var error = (y * (1.5976 + (0.070566 * y * y))) - target;
            var move = error / (1.5976 + (3 * 0.070566 * y * y));
            y -= move;
            if (Math.Abs(move) < 1e-9)
            {
                break;
            }
        }

        return y;
    }

    private (double Mean, double Deviation) Distribution()
    {
        if (count < EnoughSamples)
        {
            return (announced, announcedDeviation);
        }

        double sum = 0;
        double squares = 0;
        for (var i = 0; i < count; i++)
        {
            var seconds = Math.Max(intervals[i], announced);
            sum += seconds;
            squares += seconds * seconds;
        }

        var mean = sum / count;
        return (mean, Math.Sqrt(Math.Max(0, (squares / count) - (mean * mean))));
    }
}

namespace Runa.Session

open System

/// How many rows one deleting statement takes, so that other writers wait only briefly (promise 11). The number depends
/// on how long the last statement took: 1,000 rows are little on one machine, and take a second on another.
module internal SqlBatch =
    let private short = TimeSpan.FromMilliseconds 5.
    let private long = TimeSpan.FromMilliseconds 15.

    // Fewer rows are not much faster, since the transaction itself takes time.
    let private fewest = 10

    let first (most: int) : int = min most 50

    let next (most: int) (size: int) (took: TimeSpan) : int =
        if took < short then
            min most (size * 2)
        elif took > long then
            // Go straight to the number that would have been in time.
            let fitting = int (float size * (long / took))
            min most (max fewest fitting)
        else
            size

    /// How long to pause after a batch: as long as it took, so that others have half of the time.
    let pause (took: TimeSpan) : TimeSpan = TimeSpan.FromMilliseconds(Math.Clamp(ceil took.TotalMilliseconds, 1., 100.))
